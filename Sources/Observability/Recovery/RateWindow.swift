/// How many events the last minute saw, in seconds' steps and constant memory.
public struct RateWindow: Sendable {
    private static let seconds = 60

    private var counts = [Int](repeating: 0, count: seconds)
    /// The second `counts` reaches up to.
    private var newest = Int64.min

    public init() {}

    /// Time that runs backwards counts as standing still.
    public mutating func add(_ count: Int = 1, at now: Duration) {
        advance(to: now)
        counts[slot(newest)] += count
    }

    /// Events of the last 60 s; in the first minute of what there is, not of what it would come to.
    public mutating func perMinute(at now: Duration) -> Int {
        advance(to: now)
        return counts.reduce(0, +)
    }

    private mutating func advance(to now: Duration) {
        let second = now.components.seconds
        guard second > newest else { return }
        // Written so that the first call, which comes from the far past, cannot overflow.
        if newest == .min || second - newest >= Int64(Self.seconds) {
            counts = [Int](repeating: 0, count: Self.seconds)
        } else {
            for passed in newest + 1...second { counts[slot(passed)] = 0 }
        }
        newest = second
    }

    private func slot(_ second: Int64) -> Int {
        let rest = Int(second % Int64(Self.seconds))
        return rest < 0 ? rest + Self.seconds : rest
    }
}
