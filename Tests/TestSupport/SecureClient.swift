import COpenSSL

/// A client that speaks TLS over a `RawClient`, by OpenSSL itself and nothing of ours, so that a test can cut and slice
/// what it says.
public final class SecureClient: ClientStream {
    public struct Options {
        public init() {}

        /// The name asked for.
        public var name: String?
        public var versions = TLS1_VERSION...TLS1_3_VERSION
        /// Cipher suites for TLS 1.2 and below, as OpenSSL names them.
        public var ciphers: String?
        public var protocols: [String] = []
        public var session: Session?
        /// Bytes that leave in one packet; nil for all at once.
        public var packetBytes: Int?
        /// Asked of the kernel.
        public var receiveBufferBytes: Int32?
    }

    public enum Failure: Error, Equatable {
        /// OpenSSL's words.
        case handshake(String)
        case stream(String)
        /// The stream ended without a word that it does.
        case truncated
    }

    /// What a client keeps to resume.
    public final class Session {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { SSL_SESSION_free(pointer) }
    }

    public let raw: RawClient
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let input = BIO_new(BIO_s_mem())
    private let output = BIO_new(BIO_s_mem())
    private let packetBytes: Int?

    /// Connects and shakes hands.
    public convenience init(port: UInt16, _ options: Options = Options()) throws {
        try self.init(RawClient(port: port, receiveBufferBytes: options.receiveBufferBytes), options)
        try handshake()
    }

    /// Connected, and silent so far.
    public init(_ raw: RawClient, _ options: Options = Options()) throws {
        self.raw = raw
        packetBytes = options.packetBytes
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(context) else {
            throw Failure.handshake("no context")
        }
        self.context = context
        self.ssl = ssl
        BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        // What is old is offered too: it is the server that has to refuse it.
        SSL_set_security_level(ssl, 0)
        SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.versions.lowerBound), nil)
        SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.versions.upperBound), nil)
        if let ciphers = options.ciphers { SSL_set_cipher_list(ssl, ciphers) }
        if let name = options.name { _ = copenssl_set_server_name(ssl, name) }
        if !options.protocols.isEmpty {
            let offer = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            SSL_set_alpn_protos(ssl, offer, UInt32(offer.count))
        }
        if let session = options.session { SSL_set_session(ssl, session.pointer) }
    }

    deinit {
        // Otherwise the session would count as broken, and could not be resumed.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    public func handshake() throws {
        while true {
            ERR_clear_error()
            let result = SSL_do_handshake(ssl)
            let error = SSL_get_error(ssl, result)
            try flush()
            if result == 1 { return }
            guard error == SSL_ERROR_WANT_READ else { throw Failure.handshake(Self.reason()) }
            let bytes = try raw.receive()
            if bytes.isEmpty { throw Failure.truncated }
            BIO_write(input, bytes, Int32(bytes.count))
        }
    }

    // MARK: What was agreed on

    public var version: String { String(cString: SSL_get_version(ssl)) }
    public var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }
    public var wasResumed: Bool { SSL_session_reused(ssl) == 1 }

    public var applicationProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// The common name of the server's certificate.
    public var serverName: String {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return "" }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// With TLS 1.3 it is there once something was received.
    public var session: Session? { SSL_get1_session(ssl).map { Session($0) } }

    // MARK: The stream

    public func send(_ bytes: [UInt8]) throws {
        ERR_clear_error()
        guard bytes.isEmpty || SSL_write(ssl, bytes, Int32(bytes.count)) > 0 else {
            throw Failure.stream(Self.reason())
        }
        try flush()
    }

    public func receive(limit: Int) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &buffer, Int32(limit))
            if count > 0 { return Array(buffer[..<Int(count)]) }
            let error = SSL_get_error(ssl, count)
            try flush()
            if error == SSL_ERROR_ZERO_RETURN { return [] }
            guard error == SSL_ERROR_WANT_READ else { throw Failure.stream(Self.reason()) }
            let bytes = try raw.receive()
            if bytes.isEmpty { throw Failure.truncated }
            BIO_write(input, bytes, Int32(bytes.count))
        }
    }

    /// Says that nothing follows; reading goes on, and so does the connection.
    public func sayGoodbye() throws {
        SSL_shutdown(ssl)
        try flush()
    }

    /// Says this and that nothing follows, in one packet.
    public func endWith(_ bytes: [UInt8]) throws {
        ERR_clear_error()
        SSL_write(ssl, bytes, Int32(bytes.count))
        try sayGoodbye()
    }

    /// Asks for a new key, as many times, in one packet.
    public func updateKeys(times: Int) throws {
        for _ in 0..<times {
            SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(ssl)
        }
        try flush()
    }

    /// Asks for a new handshake on this connection, as TLS 1.2 and below can.
    public func renegotiate() throws {
        SSL_renegotiate(ssl)
        ERR_clear_error()
        SSL_do_handshake(ssl)
        try flush()
    }

    private func flush() throws {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = BIO_read(output, &buffer, Int32(buffer.count))
            guard count > 0 else { break }
            bytes += buffer[..<Int(count)]
        }
        for piece in pieces(of: bytes, sizes: [packetBytes ?? max(bytes.count, 1)]) { try raw.send(piece) }
    }

    private static func reason() -> String {
        ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "nothing said"
    }
}
