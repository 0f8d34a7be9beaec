import PluginAPI

/// A match of one game, as a room sees it.
struct MatchBox<G: Game>: HostedMatch {
    private(set) var match: Match<G>

    var manifest: Manifest { G.manifest }
    var phase: MatchPhase { MatchPhase(match.phase) }
    var sequence: Int { match.sequence }
    var timers: [String: GameTimer] { match.timers }
    var waitingOn: Waiting? { match.phase == .playing ? G.waitingOn(match.state) : nil }
    var botDelay: ClosedRange<Duration> { G.botDelay(match.state) }

    func step(
        _ cause: HostedCause, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat]
    ) throws(StepRefusal) -> any HostedOutcome {
        let outcome: Match<G>.Outcome
        do throws(Refusal) {
            outcome = try match.step(try typed(cause), at: now, key: key, filledSeats: filledSeats)
        } catch {
            throw .refused(error)
        }
        return try sound(outcome)
    }

    func botStep(
        for seat: Seat, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat]
    ) throws(StepRefusal) -> (any HostedOutcome)? {
        let outcome: Match<G>.Outcome?
        do throws(Refusal) {
            outcome = try match.botStep(for: seat, at: now, key: key, filledSeats: filledSeats)
        } catch {
            throw .refused(error)
        }
        guard let outcome else { return nil }
        return try sound(outcome)
    }

    private func sound(_ outcome: Match<G>.Outcome) throws(StepRefusal) -> any HostedOutcome {
        if let fault = G.invariant(outcome.match.state) {
            throw .contradiction("\(G.manifest.id) would contradict itself: \(fault)")
        }
        return OutcomeBox(outcome: outcome, before: match.sequence)
    }

    mutating func fold(
        _ events: [JSON], phase: MatchPhase, timers: [String: GameTimer], viewers: [Viewer]
    ) throws(StoredFormError) -> [RenderedEvent] {
        let before = match.sequence
        var typed: [G.Event] = []
        for event in events {
            do {
                typed.append(try FlatDecoder.decode(G.Event.self, from: event))
            } catch {
                throw StoredFormError(
                    message: "event \(before + typed.count + 1) of \(G.manifest.id): \(FlatDecoder.describe(error))")
            }
        }
        let states = match.fold(typed, phase: Match<G>.Phase(phase), timers: timers)
        return Self.render(typed, states, for: viewers, after: before)
    }

    func with(timers: [String: GameTimer]) -> any HostedMatch {
        var copy = self
        copy.match.fold([], phase: match.phase, timers: timers)
        return copy
    }

    func view(for viewer: Viewer) -> [UInt8] { text(G.view(of: match.state, for: viewer)) }
    func truth() -> [UInt8] { text(match.state) }

    private func typed(_ cause: HostedCause) throws(Refusal) -> Match<G>.Cause {
        switch cause {
        case .start: return .start
        case .timer(let name): return .timer(name)
        case .presence(let change, let seat): return .presence(change, of: seat)
        case .tick: return .tick
        case .action(let json, let seat):
            do {
                return .action(try FlatDecoder.decode(G.Action.self, from: json), by: seat)
            } catch {
                throw .badRequest("action: \(FlatDecoder.describe(error))")
            }
        }
    }
}

private struct OutcomeBox<G: Game>: HostedOutcome {
    let outcome: Match<G>.Outcome
    let before: Int

    var match: any HostedMatch { MatchBox(match: outcome.match) }
    var observations: Observations { outcome.observations }
    func storedEvents() -> [[UInt8]] { outcome.events.map { text($0) } }

    func rendered(for viewers: [Viewer]) -> [RenderedEvent] {
        MatchBox<G>.render(outcome.events, outcome.states, for: viewers, after: before)
    }
}

extension MatchBox {
    /// Viewers who may see the same share the same bytes.
    fileprivate static func render(
        _ events: [G.Event], _ states: [G.State], for viewers: [Viewer], after before: Int
    ) -> [RenderedEvent] {
        zip(events, states).enumerated().map { index, pair in
            var distinct: [[UInt8]] = []
            let views = viewers.map { viewer in
                let view = G.view(of: pair.0, for: viewer, in: pair.1).map { text($0) } ?? Array("null".utf8)
                if let known = distinct.first(where: { $0 == view }) { return known }
                distinct.append(view)
                return view
            }
            return RenderedEvent(sequence: before + index + 1, views: views)
        }
    }
}

/// JSON text of what the game hands out. Its `Codable` is synthesized, so encoding does not fail; a hand-written one
/// that throws is the plugin's fault and is stopped here rather than sent half.
private func text(_ value: some Encodable) -> [UInt8] {
    do {
        return try FlatEncoder.encode(value)
    } catch {
        preconditionFailure("\(type(of: value)) does not encode: \(error)")
    }
}
