/// Leaves out lines that say the same over and over, and remembers how many.
///
/// Each event of each plugin has a bucket of tokens; a line takes one. What finds none is kept back: the next line that
/// is written says how many there were, and when none comes the last of them is written by itself.
struct LogRepeats {
    private struct Key: Hashable {
        /// Where the event's name lies in the program; the same place is the same event.
        var event: Int
        var plugin: String?

        init(_ record: LogRecord) {
            event = record.event.hasPointerRepresentation ? Int(bitPattern: record.event.utf8Start) : 0
            plugin = record.context.plugin
        }
    }

    private struct Bucket {
        var tokens: Double
        /// Unix time in microseconds of the last look.
        var time: Int
        var count = 0
        var last: LogRecord?
    }

    /// Lines a second that one event may go on writing; 0 leaves nothing out.
    let perSecond: Int
    /// Lines at once after a quiet time.
    var burst: Int { 10 * perSecond }
    /// Most events that are looked after; further ones are written whole.
    static let maxBuckets = 1024

    private var buckets: [Key: Bucket] = [:]

    init(perSecond: Int) { self.perSecond = perSecond }

    /// - Returns: the line to write, if any, with what was left out before it.
    mutating func pass(_ record: LogRecord) -> LogRecord? {
        guard perSecond > 0, !record.category.isRecord else { return record }
        let key = Key(record)
        if buckets[key] == nil {
            if buckets.count >= Self.maxBuckets { forgetFull(at: record.time) }
            guard buckets.count < Self.maxBuckets else { return record }
        }
        var bucket = refilled(buckets[key] ?? Bucket(tokens: Double(burst), time: record.time), at: record.time)
        defer { buckets[key] = bucket }
        guard bucket.tokens >= 1 else {
            bucket.count += 1
            bucket.last = record
            return nil
        }
        bucket.tokens -= 1
        var record = record
        record.suppressed = bucket.count
        bucket.count = 0
        bucket.last = nil
        return record
    }

    /// Whether lines are kept back that `due` will give out.
    var isHolding: Bool { buckets.values.contains { $0.last != nil } }

    /// The last of each run of lines whose event may be written again.
    ///
    /// - Parameter all: also of those that may not: the log ends.
    mutating func due(at time: Int, all: Bool = false) -> [LogRecord] {
        var records: [LogRecord] = []
        for (key, old) in buckets {
            guard var record = old.last else { continue }
            var bucket = refilled(old, at: time)
            guard all || bucket.tokens >= Double(min(burst, perSecond)) else { continue }
            bucket.tokens = max(0, bucket.tokens - 1)
            record.suppressed = bucket.count - 1
            bucket.count = 0
            bucket.last = nil
            buckets[key] = bucket
            records.append(record)
        }
        return records.sorted { $0.time < $1.time }
    }

    private func refilled(_ bucket: Bucket, at time: Int) -> Bucket {
        var bucket = bucket
        let seconds = Double(max(0, time - bucket.time)) / 1e6
        bucket.tokens = min(Double(burst), bucket.tokens + seconds * Double(perSecond))
        bucket.time = time
        return bucket
    }

    private mutating func forgetFull(at time: Int) {
        buckets = buckets.filter { $1.last != nil || refilled($1, at: time).tokens < Double(burst) }
    }
}
