import Foundation

/// A directory of its own, gone with this object.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "gameserver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        path = url.path
    }

    deinit {
        // What is left over lies in the system's temporary directory and harms no later run.
        try? FileManager.default.removeItem(atPath: path)
    }
}
