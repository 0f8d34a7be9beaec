import COpenSSL

/// Why there is no TLS with the files given.
public enum TLSError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    case noCertificate(path: String)
    /// Nothing in the file is a private key that needs no passphrase.
    case noKey(path: String)
    case otherKey(path: String, certificate: String)
    /// Unix time in seconds.
    case begins(path: String, at: Int64)
    /// Unix time in seconds.
    case ended(path: String, at: Int64)
    /// OpenSSL does not take it, such as a key that is too short; in OpenSSL's words.
    case refused(path: String, reason: String)
    case tooManyCertificates(path: String, limit: Int)
    /// OpenSSL gives no context, in its words.
    case unavailable(reason: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "\(path) cannot be read: \(error)"
        case .noCertificate(let path): "\(path) holds no certificate in PEM"
        case .noKey(let path): "\(path) holds no private key in PEM, or one that needs a passphrase"
        case .otherKey(let path, let certificate): "the key in \(path) is not that of the certificate in \(certificate)"
        case .begins(let path, let at): "the certificate in \(path) is not valid before \(UTCTime(at))"
        case .ended(let path, let at): "the certificate in \(path) ended on \(UTCTime(at))"
        case .refused(let path, let reason): "\(path) is not accepted: \(reason)"
        case .tooManyCertificates(let path, let limit): "\(path) holds more than \(limit) certificates"
        case .unavailable(let reason): "openssl gives no context: \(reason)"
        }
    }

    /// What the first error on this thread's queue says: those behind it only say who passed it on.
    static func reason() -> String {
        let code = ERR_peek_error()
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
