/// How many connections a minute are usual, and by how much the last minute exceeds that.
///
/// The mean forgets with `memory`, so a lasting change becomes the usual within minutes and a storm does not. Until
/// `warmUp` has passed nothing is usual yet and only the floor decides: the ratio exceeds `factor` exactly when the last
/// minute saw more than `floor`.
public struct ReconnectBaseline: Sendable {
    public struct Settings: Sendable, Equatable {
        /// Opens per minute up to which it is never a storm.
        public var floor = 50.0
        /// The ratio above which it is one; the trigger of `reconnect_storm` compares with the same.
        public var factor = 4.0
        /// Time constant of the mean.
        public var memory: Duration = .seconds(3600)
        public var warmUp: Duration = .seconds(600)

        public init() {}
    }

    public let settings: Settings
    private var window = RateWindow()
    private var seen: (total: Int, at: Duration)?
    private var began: Duration?
    /// Opens and minutes, each weighted by how long ago it was.
    private var weighted = (opens: 0.0, minutes: 0.0)

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// - Parameter total: connections opened since the server started; a counter that fell was started anew.
    public mutating func observe(total: Int, at now: Duration) {
        defer { seen = (total, now) }
        guard let seen, now > seen.at else {
            if began == nil { began = now }
            return
        }
        let opened = total >= seen.total ? total - seen.total : total
        window.add(opened, at: now)
        let minutes = (now - seen.at).seconds / 60
        let kept = Self.share(leftAfter: minutes * 60 / max(1, settings.memory.seconds))
        weighted = (weighted.opens * kept + Double(opened), weighted.minutes * kept + minutes)
    }

    public mutating func opensPerMinute(at now: Duration) -> Double { Double(window.perMinute(at: now)) }

    /// The last minute against the mean, which is never taken for less than `floor / factor`.
    public mutating func ratio(at now: Duration) -> Double {
        let least = settings.floor / settings.factor
        return opensPerMinute(at: now) / max(least, usual(at: now) ?? least)
    }

    /// Opens per minute in the mean; nil while nothing is known to be usual.
    public func usual(at now: Duration) -> Double? {
        guard let began, now - began >= settings.warmUp, weighted.minutes > 0 else { return nil }
        return weighted.opens / weighted.minutes
    }

    /// e to the minus x, as the limit it is: (1 + x/n) to the minus n. The steps are small, so n of 1024 is plenty.
    private static func share(leftAfter x: Double) -> Double {
        var power = 1 / (1 + x / 1024)
        for _ in 0..<10 { power *= power }
        return power
    }
}
