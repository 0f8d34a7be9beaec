/// A length of time in nanoseconds: cheaper to make and to record than a `Duration`.
public struct Elapsed: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Elapsed(nanoseconds: 0)

    public static func milliseconds(_ count: Int) -> Elapsed { Elapsed(nanoseconds: Int64(count) * 1_000_000) }

    public static func < (left: Elapsed, right: Elapsed) -> Bool { left.nanoseconds < right.nanoseconds }

    public var duration: Duration { .nanoseconds(nanoseconds) }
    public var seconds: Double { Double(nanoseconds) / 1e9 }
}
