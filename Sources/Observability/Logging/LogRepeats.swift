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

    /// A line to write, and how many like it were left out before it.
    struct Passed {
        var record: LogRecord
        var suppressed = 0
    }

    private var buckets: [Key: Bucket] = [:]
    /// Buckets with a line kept back.
    private var holding = 0

    init(perSecond: Int) { self.perSecond = perSecond }

    /// - Returns: the line to write, if any, with what was left out before it.
    mutating func pass(_ record: LogRecord) -> Passed? {
        guard perSecond > 0, !record.category.isRecord else { return Passed(record: record) }
        let key = Key(record)
        guard var bucket = buckets[key] ?? newBucket(at: record.time) else { return Passed(record: record) }
        defer { buckets[key] = bucket }
        refill(&bucket, at: record.time)
        if bucket.last != nil { holding -= 1 }
        guard bucket.tokens >= 1 else {
            bucket.count += 1
            bucket.last = record
            holding += 1
            return nil
        }
        defer { bucket.count = 0 }
        bucket.tokens -= 1
        bucket.last = nil
        return Passed(record: record, suppressed: bucket.count)
    }

    /// Whether lines are kept back that `due` will give out.
    var isHolding: Bool { holding > 0 }

    /// The last of each run of lines whose event may be written again.
    ///
    /// - Parameter all: also of those that may not: the log ends.
    mutating func due(at time: Int, all: Bool = false) -> [Passed] {
        var lines: [Passed] = []
        for (key, old) in buckets {
            guard let record = old.last else { continue }
            var bucket = old
            refill(&bucket, at: time)
            guard all || bucket.tokens >= Double(min(burst, perSecond)) else { continue }
            lines.append(Passed(record: record, suppressed: bucket.count - 1))
            bucket.tokens = max(0, bucket.tokens - 1)
            bucket.count = 0
            bucket.last = nil
            holding -= 1
            buckets[key] = bucket
        }
        return lines.sorted { $0.record.time < $1.record.time }
    }

    /// - Returns: nil when there are as many as may be.
    private mutating func newBucket(at time: Int) -> Bucket? {
        if buckets.count >= Self.maxBuckets { forgetFull(at: time) }
        return buckets.count < Self.maxBuckets ? Bucket(tokens: Double(burst), time: time) : nil
    }

    private func refill(_ bucket: inout Bucket, at time: Int) {
        let seconds = Double(max(0, time - bucket.time)) / 1e6
        bucket.tokens = min(Double(burst), bucket.tokens + seconds * Double(perSecond))
        bucket.time = time
    }

    private mutating func forgetFull(at time: Int) {
        buckets = buckets.filter { _, old in
            var bucket = old
            refill(&bucket, at: time)
            return bucket.last != nil || bucket.tokens < Double(burst)
        }
    }
}
