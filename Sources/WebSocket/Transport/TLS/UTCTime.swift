import Glibc

/// Unix seconds as people read them: `2027-01-31 12:00:00 UTC`.
public struct UTCTime: CustomStringConvertible, Sendable {
    public let unixSeconds: Int64

    public init(_ unixSeconds: Int64) { self.unixSeconds = unixSeconds }

    public var description: String {
        var seconds = time_t(unixSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) UTC"
    }
}
