import COpenSSL

/// Why a handshake came to nothing.
public enum TLSFailure: CaseIterable, Sendable {
    /// It took longer than `handshakeMilliseconds`.
    case timeout
    /// The peer went away, or the loop ended.
    case gone
    /// The peer spoke HTTP without TLS.
    case plainHTTP
    /// There is no version both speak.
    case version
    /// There is no cipher suite, group or signature both know.
    case noSharedCipher
    /// The peer sent an alert: it does not like our certificate, most often.
    case refused
    /// The peer's certificate is not valid for its name.
    case certificate
    /// What came is not TLS, or breaks its rules.
    case malformed

    /// What the first error on this thread's queue means.
    static func last(_ session: OpaquePointer) -> TLSFailure {
        let code = ERR_peek_error()
        guard ERR_GET_LIB(code) == ERR_LIB_SSL else { return .malformed }
        switch ERR_GET_REASON(code) {
        case SSL_AD_REASON_OFFSET...(SSL_AD_REASON_OFFSET + 255): return .refused
        case SSL_R_HTTP_REQUEST: return .plainHTTP
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE: return .version
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SHARED_GROUPS:
            return .noSharedCipher
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return .certificate
        default: return .malformed
        }
    }
}

extension TLSFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timeout: "the handshake took too long"
        case .gone: "the peer went away"
        case .plainHTTP: "the peer speaks HTTP without TLS"
        case .version: "there is no version that both speak"
        case .noSharedCipher: "there is no cipher suite, group or signature that both know"
        case .refused: "the peer refused with an alert"
        case .certificate: "the peer's certificate is not trusted, or not valid for its name"
        case .malformed: "what the peer says is not TLS, or breaks its rules"
        }
    }
}

/// What happened to TLS on one loop so far.
public struct TLSCounters: Sendable {
    /// Connections secured, with a new session.
    public var full = 0
    /// Connections secured by resuming an earlier session.
    public var resumed = 0
    /// Handshakes under way.
    public var inProgress = 0
    /// Secured connections open now.
    public var open = 0
    private var timeout = 0
    private var gone = 0
    private var plainHTTP = 0
    private var version = 0
    private var noSharedCipher = 0
    private var refused = 0
    private var certificate = 0
    private var malformed = 0

    public init() {}

    /// Handshakes that failed for a reason.
    public internal(set) subscript(failure: TLSFailure) -> Int {
        get { self[keyPath: Self.field(failure)] }
        set { self[keyPath: Self.field(failure)] = newValue }
    }

    mutating func add(_ other: TLSCounters) {
        full += other.full
        resumed += other.resumed
        inProgress += other.inProgress
        open += other.open
        for failure in TLSFailure.allCases { self[failure] += other[failure] }
    }

    private static func field(_ failure: TLSFailure) -> WritableKeyPath<Self, Int> {
        switch failure {
        case .timeout: \.timeout
        case .gone: \.gone
        case .plainHTTP: \.plainHTTP
        case .version: \.version
        case .noSharedCipher: \.noSharedCipher
        case .refused: \.refused
        case .certificate: \.certificate
        case .malformed: \.malformed
        }
    }
}
