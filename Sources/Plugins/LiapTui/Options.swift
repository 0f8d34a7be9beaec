import PluginAPI

extension LiapTui {
    /// What the creator of a room may change.
    ///
    /// - Source: docs/PROTOCOL.md, "Liap Tui".
    public struct Options: Codable, Sendable, Equatable {
        /// Which part of a hit the multiplier of redeals applies to.
        public enum MultiplierScope: String, Codable, Sendable {
            /// The declared piles only; the bonus stays as it is.
            case base
            /// Everything.
            case total
        }

        /// Points that end the game when somebody has them after a round.
        public var scoreLimit = 50
        /// Rounds after which the game ends in any case.
        public var roundLimit = 20
        public var multiplierScope = MultiplierScope.base
        /// Time for the vote on a redeal; who is silent then has declined.
        public var voteMs = 30_000
        /// Time for one declaration or one play; a bot's choice is made then.
        public var turnMs = 60_000
        /// Shortest and longest time a bot seems to think.
        public var botDelayMs = [500, 1500]
        /// Pause after a complete turn, and after a round, in which nobody may act; 0 for none.
        public var revealMs = 0

        public init() {}
    }

    public static var defaultOptions: Options { Options() }

    public static func check(_ options: Options) throws(Refusal) {
        try check("score_limit", options.scoreLimit, within: 1...1000)
        try check("round_limit", options.roundLimit, within: 1...100)
        try check("vote_ms", options.voteMs, within: 100...3_600_000)
        try check("turn_ms", options.turnMs, within: 100...3_600_000)
        try check("reveal_ms", options.revealMs, within: 0...60_000)
        guard options.botDelayMs.count == 2 else {
            throw .badRequest("bot_delay_ms: two numbers are needed, not \(options.botDelayMs.count)")
        }
        for delay in options.botDelayMs { try check("bot_delay_ms", delay, within: 0...60_000) }
        guard options.botDelayMs[0] <= options.botDelayMs[1] else {
            throw .badRequest(
                "bot_delay_ms: \(options.botDelayMs[0]) is more than \(options.botDelayMs[1]), the smaller comes first")
        }
    }

    private static func check(_ name: String, _ value: Int, within limits: ClosedRange<Int>) throws(Refusal) {
        guard limits.contains(value) else {
            throw .badRequest("\(name): \(value) is outside \(limits.lowerBound) to \(limits.upperBound)")
        }
    }

    public static func botDelay(_ state: State) -> ClosedRange<Duration> {
        .milliseconds(state.options.botDelayMs[0]) ... .milliseconds(state.options.botDelayMs[1])
    }
}
