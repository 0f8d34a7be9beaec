/// Who reports: what stands around a health report when it is written out.
public struct ServiceFacts: Sendable {
    public var service: String
    public var version: String
    public var uptime: Duration
    /// The wall clock at the report's moment.
    public var unixMicroseconds: Int
    /// Numbers to show beside the levels: `active_connections`, `active_rooms`, `memory_usage_mb` and the like.
    public var figures: [(name: String, value: Double)]

    public init(
        service: String = "gameserver", version: String, uptime: Duration, unixMicroseconds: Int,
        figures: [(name: String, value: Double)] = []
    ) {
        self.service = service
        self.version = version
        self.uptime = uptime
        self.unixMicroseconds = unixMicroseconds
        self.figures = figures
    }

    /// `HH:MM:SS`; the hours go on beyond a day.
    public var uptimeText: String {
        let seconds = Int(max(0, uptime.seconds))
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    var timestamp: String { Timestamp.text(microseconds: unixMicroseconds) }

    /// RFC 3339 text of a moment on the report's monotonic time line.
    func timestamp(of moment: Duration, reportedAt now: Duration) -> String {
        Timestamp.text(microseconds: unixMicroseconds - Int(((now - moment).seconds * 1e6).rounded()))
    }
}
