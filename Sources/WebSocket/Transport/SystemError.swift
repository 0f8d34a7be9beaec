import CLinux
import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name.
    public let call: String
    /// `errno` as the call left it.
    public let number: Int32

    /// - Parameter number: by default what the last call on this thread left.
    public init(_ call: String, number: Int32 = SystemError.lastNumber) {
        self.call = call
        self.number = number
    }

    /// `errno` now.
    public static var lastNumber: Int32 { clinux_errno() }

    public var description: String {
        var text = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &text, text.count) == 0 else { return "\(call): error \(number)" }
        let message = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(call): \(String(decoding: message, as: UTF8.self).lowercased())"
    }
}

extension MonotonicTime {
    /// The time now.
    public static func now() -> Self {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Self(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
