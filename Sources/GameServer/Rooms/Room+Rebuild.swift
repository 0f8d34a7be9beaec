import PluginAPI
import WebSocket

/// What comparing a room at work with its own history showed.
enum RebuildVerdict: Sendable, Equatable {
    /// History gives exactly the state the room has.
    case equal
    /// It gave another: the room goes on with what its history says.
    case replaced(at: Int)
    /// Its older records are damaged and its state cannot be checked against them: a snapshot of it is stored above the
    /// damage, so that the room can be read back.
    case salvaged(at: Int)
    /// History cannot be read, and nothing was changed.
    case unreadable(String)
    case unavailable
}

extension Room {
    /// Reads the room's history anew, compares it with the room, and goes on with what history says. Meanwhile nothing is
    /// decided; who asks waits in the queue.
    func rebuild(then: @escaping (RebuildVerdict) -> Void) {
        guard !isGone else { return then(.unavailable) }
        let isTaken = whenSettled { [weak self] in
            guard let self, !isGone else { return then(.unavailable) }
            let retained = services.configuration.rooms.retentionEvents
            services.store.claim(id, retaining: retained) { [weak self] outcome in
                guard let self, !isGone else { return then(.unavailable) }
                compared(with: outcome) { [weak self] verdict in
                    self?.thaw()
                    then(verdict)
                }
            }
        }
        if !isTaken { then(.unavailable) }
    }

    private func compared(with outcome: ClaimOutcome, then: @escaping (RebuildVerdict) -> Void) {
        switch outcome {
        case .claimed(let claim):
            // The room is claimed under a new term whatever follows.
            let rebuilt: RoomState
            var history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
            do throws(StoredFormError) {
                var state = try RoomState.restored(id, from: claim, games: services.games)
                for stored in claim.records {
                    let (events, at) = try state.fold(stored)
                    history.append(events, at: at)
                }
                rebuilt = state
            } catch {
                return salvage(term: claim.term, error, then: then)
            }
            guard rebuilt.number >= state.number else {
                adopt(term: claim.term)
                return then(
                    .unreadable("the store ends at record \(rebuilt.number), the room is at \(state.number)"))
            }
            if rebuilt.digest == state.digest, rebuilt.match.truth() == state.match.truth() {
                adopt(term: claim.term)
                return then(.equal)
            }
            adopt(rebuilt, history: history)
            tellRecovered()
            then(.replaced(at: rebuilt.sequence))
        case .notFound, .damaged: then(.unreadable("the store has no whole history of it"))
        case .unavailable: then(.unavailable)
        }
    }

    /// Goes on as what its history gave.
    private func adopt(_ rebuilt: RoomState, history: Resync) {
        state = rebuilt
        resync = history
        // What clients were told up to here may not be what happened: who comes back gets the view.
        distrustedUpTo = rebuilt.sequence
        timers.follow(state.match.timers, at: services.timeline.now)
        botMove = nil
        idleBots = []
        holdUntil = nil
        directory.changed(self)
    }

    /// The store has handed the room out anew, to this very loop.
    private func adopt(term: UInt64) { state.term = term }

    /// The log below is damaged, the room is not: what it holds is stored above the damage, and only then is it safe.
    private func salvage(
        term: UInt64, _ damage: StoredFormError, then: @escaping (RebuildVerdict) -> Void
    ) {
        adopt(term: term)
        do throws(StoredFormError) {
            let snapshot = try state.snapshot()
            services.store.checkpoint(id, term: term, snapshot) { [weak self] outcome in
                guard let self, !isGone, outcome == .stored else { return then(.unavailable) }
                snapshotNumber = snapshot.number
                then(.salvaged(at: snapshot.sequence))
            }
        } catch {
            then(.unreadable("\(damage.message); \(error.message)"))
        }
    }

    /// Everybody gets the whole view, and is told why.
    private func tellRecovered() {
        _ = refreshStatus()
        for member in members where !member.session.isLagging { sendSnapshot(to: member, .recovered) }
        for member in members where member.session.isLagging { member.owesSnapshot() }
        notify(.recovered, "the room was restored from its history: nothing that was played is lost")
    }
}
