import Glibc

/// What can go wrong with a log file.
public enum LogFileError: Error, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, errno: Int32)
    case cannotWrite(path: String, errno: Int32)
    case cannotRename(path: String, errno: Int32)
    case cannotRemove(path: String, errno: Int32)
    case cannotCompress(path: String, errno: Int32)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let number): "log file \(path) cannot be opened: \(Self.reason(number))"
        case .cannotWrite(let path, let number): "log file \(path) cannot be written: \(Self.reason(number))"
        case .cannotRename(let path, let number): "log file \(path) cannot be renamed: \(Self.reason(number))"
        case .cannotRemove(let path, let number): "log file \(path) cannot be removed: \(Self.reason(number))"
        case .cannotCompress(let path, let number): "log file \(path) cannot be compressed: \(Self.reason(number))"
        }
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
