/// Which lines still find a place as the writer falls behind: the least important go first.
///
/// A value: it is told how many lines wait and says yes or no.
struct LogAdmission: Sendable {
    /// Lines that may wait. Above three quarters of it lines below `info` are dropped, above seven eighths those below
    /// `warning`. Full, it takes an eighth more of the rest for `grace`, and then drops these too.
    let capacity: Int
    /// Unix time in microseconds since which it has been full.
    private var fullSince: Int?

    /// How long a full queue goes on taking warnings and worse, in microseconds.
    static let grace = 1_000_000

    init(capacity: Int) { self.capacity = capacity }

    /// Most lines that wait at any time.
    var ceiling: Int { capacity + capacity / 8 }

    mutating func admits(_ level: LogLevel, waiting: Int, at time: Int) -> Bool {
        guard waiting >= capacity else {
            fullSince = nil
            if level < .info { return waiting < capacity / 4 * 3 }
            return level >= .warning || waiting < capacity / 8 * 7
        }
        let since = fullSince ?? time
        fullSince = since
        return level >= .warning && waiting < ceiling && time - since < Self.grace
    }
}
