import Synchronization

/// What became of a logger's lines.
struct LogStatistics: Sendable, Equatable {
    /// Handed to the sink.
    var written = 0
    /// Dropped, by level: the writer was too slow or the sink refused them.
    var dropped: [LogLevel: Int] = [:]
    /// Left out as repeats.
    var suppressed = 0
    /// Lost by live tails that were too slow.
    var lostByTails = 0
}

/// Counts what became of lines; any thread may.
final class LogCounters: Sendable {
    private let drops = InlineArray<7, Atomic<Int>> { _ in Atomic(0) }
    private let writes = Atomic(0)
    private let repeats = Atomic(0)
    private let tailLosses = Atomic(0)
    private let metrics: Metrics?

    init(metrics: Metrics?) { self.metrics = metrics }

    func dropped(_ level: LogLevel, _ count: Int = 1) {
        drops[level.rawValue].wrappingAdd(count, ordering: .relaxed)
        metrics?.logDropped.add(count, LogLevelLabel(level))
    }

    func written(_ level: LogLevel, _ category: LogCategory) {
        writes.wrappingAdd(1, ordering: .relaxed)
        metrics?.logRecords.add(1, LogLevelLabel(level), LogCategoryLabel(category))
    }

    func suppressed() {
        repeats.wrappingAdd(1, ordering: .relaxed)
        metrics?.logSuppressed.add(1)
    }

    /// Called on the writer's thread.
    func wrote() { metrics?.obsCPUSeconds.raise(to: threadTime(), .logWriter) }

    func lostByTail(_ count: Int) { tailLosses.wrappingAdd(count, ordering: .relaxed) }

    var allDropped: Int { LogLevel.allCases.reduce(0) { $0 + drops[$1.rawValue].load(ordering: .relaxed) } }

    var statistics: LogStatistics {
        var statistics = LogStatistics(
            written: writes.load(ordering: .relaxed), suppressed: repeats.load(ordering: .relaxed),
            lostByTails: tailLosses.load(ordering: .relaxed))
        for level in LogLevel.allCases {
            let count = drops[level.rawValue].load(ordering: .relaxed)
            if count > 0 { statistics.dropped[level] = count }
        }
        return statistics
    }
}
