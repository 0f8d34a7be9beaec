/// Picks every so many of a stream, evenly: what is timed of what is too cheap to time always.
struct SampleCounter {
    /// A power of two.
    private let every: Int
    private var count = 0

    /// - Parameter every: 0 picks none.
    init(every: Int) {
        precondition(every & (every - 1) == 0, "a power of two")
        self.every = every
    }

    mutating func next() -> Bool {
        guard every > 0 else { return false }
        count &+= 1
        return count & (every - 1) == 0
    }
}
