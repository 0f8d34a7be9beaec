import PluginAPI

@testable import LiapTui

/// A match that a test puts into a position and plays on from there.
struct Table {
    typealias Event = LiapTui.Event

    private(set) var match: Match<LiapTui>
    private(set) var now = Timestamp(unixMilliseconds: 1_000_000)
    private let seed: UInt64
    private var steps: UInt64 = 0

    /// A match that has been started and has no cards yet: `fold` what has happened.
    init(seed: UInt64 = 1, _ change: (inout LiapTui.Options) -> Void = { _ in }) {
        var options = LiapTui.defaultOptions
        change(&options)
        match = Match(
            seats: 4, phase: .playing, state: LiapTui.initial(options, seats: 4), sequence: 0, timers: [:])
        self.seed = seed
    }

    /// A match started by the rules.
    static func started(seed: UInt64, _ change: (inout LiapTui.Options) -> Void = { _ in }) throws -> Table {
        var table = Table(seed: seed, change)
        table.match = try Match(options: table.state.options)
        try table.run(.start)
        return table
    }

    /// Four hands that make up the deck and mean nothing.
    static let plainHands = (0..<4).map { Array(Piece.deck[($0 * 8)..<($0 * 8 + 8)]) }

    var state: LiapTui.State { match.state }

    func view(for seat: Seat) -> LiapTui.StateView { LiapTui.view(of: state, for: .seat(seat)) }

    /// Changes the position by hand.
    mutating func set(_ change: (inout LiapTui.State) -> Void) {
        var state = match.state
        change(&state)
        match = Match(
            seats: 4, phase: match.phase, state: state, sequence: match.sequence, timers: match.timers)
    }

    /// Takes events as having happened.
    mutating func fold(_ events: Event...) {
        match.fold(events, phase: match.phase, timers: match.timers)
    }

    /// Deals `hands`, begins a round with `starter` and lets the seats declare in play order.
    mutating func fold(hands: [[Piece]], starter: Seat, declarations: [Int] = [1, 1, 1, 1]) {
        let round = state.round + 1
        fold(
            .dealt(round: round, multiplier: 1, hands: hands.map { $0.sorted() }, weak: []),
            .roundStarted(round: round, starter: starter, reason: .wonLastTurn, order: Seat.order(from: starter)))
        for (seat, value) in zip(Seat.order(from: starter), declarations) { fold(.declared(seat: seat, value: value)) }
    }

    @discardableResult
    mutating func run(_ cause: Match<LiapTui>.Cause) throws(Refusal) -> [Event] {
        let outcome = try match.step(cause, at: now, key: .seeded(seed, step: steps))
        steps += 1
        match = outcome.match
        return outcome.events
    }

    @discardableResult
    mutating func act(_ action: LiapTui.Action, by seat: Seat) throws(Refusal) -> [Event] {
        try run(.action(action, by: seat))
    }

    /// The code of the refusal of `action`; nil when it would be taken. Nothing changes.
    func refusal(of action: LiapTui.Action, by seat: Seat) -> String? {
        var copy = self
        do {
            try copy.act(action, by: seat)
            return nil
        } catch {
            return error.code
        }
    }

    /// Lets the named timer run out.
    @discardableResult
    mutating func expire(_ name: String) throws -> [Event] {
        guard let timer = match.timers[name] else { throw NoSuchTimer(name: name) }
        now = timer.deadline
        return try run(.timer(name))
    }

    struct NoSuchTimer: Error {
        let name: String
    }

    /// Lets the bot of the first seat to act do so.
    @discardableResult
    mutating func bot() throws -> [Event] {
        guard let seat = LiapTui.waitingOn(state)?.seats.first,
            let outcome = try match.botStep(for: seat, at: now, key: .seeded(seed, step: steps))
        else { return [] }
        steps += 1
        match = outcome.match
        return outcome.events
    }
}

extension [LiapTui.Event] {
    var turnEnded: (winner: Seat?, piles: Int, captured: [Int])? {
        for case .turnEnded(let winner, let piles, let captured) in self { return (winner.optional, piles, captured) }
        return nil
    }

    var plays: [PlayType] { compactMap { if case .played(_, _, let play, _) = $0 { play } else { nil } } }

    var roundScores: [LiapTui.RoundScore]? {
        for case .roundEnded(let scores) in self { return scores }
        return nil
    }

    var redealt: (starter: Seat, multiplier: Int)? {
        for case .redealt(let starter, let multiplier) in self { return (starter, multiplier) }
        return nil
    }

    var roundStarted: (starter: Seat, reason: LiapTui.StarterReason, order: [Seat])? {
        for case .roundStarted(_, let starter, let reason, let order) in self { return (starter, reason, order) }
        return nil
    }

    var gameEnded: (ranking: [LiapTui.Rank], winners: [Seat], reason: LiapTui.EndReason)? {
        for case .gameEnded(let ranking, let winners, let reason) in self { return (ranking, winners, reason) }
        return nil
    }
}
