import Glibc
import Observability

/// The token that opens everything which is not public, and whether it was made just now.
public struct AdminToken: Sendable {
    public let secret: Secret
    /// True once in the life of a data directory: then the operator has to be told the token.
    public let isNew: Bool

    /// Random bits behind a token that is made here.
    private static let bits = 256

    /// The configured token, else the one kept in `<data>/admin-token`, else a new one that is kept there, 0600.
    ///
    /// - Parameter folder: the data directory; it exists and is locked by this process.
    /// - Throws: `AdminTokenError`.
    public init(configured: Secret?, dataDirectory folder: String) throws(AdminTokenError) {
        if let configured {
            secret = configured
            isNew = false
            return
        }
        let path = folder + "/admin-token"
        if let kept = try Self.read(path) {
            secret = Secret(kept)
            isNew = false
        } else {
            let made = Self.make()
            try Self.write(made, to: path)
            secret = Secret(made)
            isNew = true
        }
    }

    private static func make() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = (0..<bits / 64).map { _ in
            let hex = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }
        return digits.joined()
    }

    private static func read(_ path: String) throws(AdminTokenError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .unusable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).filter { !$0.isWhitespace }
        guard !text.isEmpty else { throw .unusable(path: path, reason: "it is empty; delete it for a new token") }
        return text
    }

    private static func write(_ text: String, to path: String) throws(AdminTokenError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let bytes = Array((text + "\n").utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw .unusable(path: path, reason: String(cString: strerror(errno)))
        }
    }
}

public enum AdminTokenError: Error, CustomStringConvertible {
    case unusable(path: String, reason: String)
    /// Two keys of the configuration hold the same token.
    case equal(String, String)

    public var description: String {
        switch self {
        case .unusable(let path, let reason): "admin token file \(path) cannot be used: \(reason)"
        case .equal(let one, let other): "\(one) and \(other) are the same token: one token cannot mean two roles"
        }
    }
}
