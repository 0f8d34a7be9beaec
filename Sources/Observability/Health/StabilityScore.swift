/// How quiet the last hours were, as one number with the figures it was made of.
public struct StabilityScore: Sendable, Equatable {
    /// What the score is made of.
    public struct Inputs: Sendable, Equatable {
        /// Part of the last hour in which the server as a whole was not healthy.
        public var notHealthyShare: Double
        /// Recovery procedures started in the last hour.
        public var recoveries: Int
        /// How fast the error budget is used up; 1 uses it up exactly in its period.
        public var burnRate: Double
        /// Starts of the process in the last 24 h, the first of all left out.
        public var restarts: Int

        public init(notHealthyShare: Double = 0, recoveries: Int = 0, burnRate: Double = 0, restarts: Int = 0) {
            self.notHealthyShare = notHealthyShare
            self.recoveries = recoveries
            self.burnRate = burnRate
            self.restarts = restarts
        }
    }

    public static let formula =
        "100 - 40 * not_healthy_share(1h) - 25 * min(1, recoveries(1h) / 6) - 20 * min(1, burn_rate / 6)"
        + " - 15 * min(1, restarts(24h) / 3)"

    public var inputs: Inputs

    public init(_ inputs: Inputs) { self.inputs = inputs }

    /// What each input takes away, in the order of the formula.
    public var deductions: [(name: String, points: Double)] {
        [
            ("not_healthy_share", 40 * part(inputs.notHealthyShare)),
            ("recoveries", 25 * part(Double(inputs.recoveries) / 6)),
            ("burn_rate", 20 * part(inputs.burnRate / 6)),
            ("restarts", 15 * part(Double(inputs.restarts) / 3)),
        ]
    }

    /// 0 to 100, 100 being best.
    public var value: Double { 100 - deductions.reduce(0) { $0 + $1.points } }

    private func part(_ value: Double) -> Double { value.isNaN ? 1 : min(1, max(0, value)) }
}
