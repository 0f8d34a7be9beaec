import Observability
import PluginAPI
import WebSocket

/// Does on a loop what recovery procedures want done there. Lives on the loop.
final class LoopActions {
    typealias Reply = (ActionReport) -> Void

    /// How long ago a middleware may have thrown for it to be mended now; the span faults are counted over.
    private static let lately = Duration.seconds(60)

    let services: LoopServices
    let sessions: SessionDirectory
    let rooms: RoomDirectory
    private let restartable: [String: () -> any Middleware]
    /// Middleware that is set aside, each until then.
    private var setAside: [String: MonotonicTime] = [:]

    /// - Parameter restartable: what makes a fresh one of each middleware of a user; ours are never touched.
    init(
        services: LoopServices, sessions: SessionDirectory, rooms: RoomDirectory,
        restartable: [String: () -> any Middleware]
    ) {
        self.services = services
        self.sessions = sessions
        self.rooms = rooms
        self.restartable = restartable
    }

    private var configuration: Configuration.Recovery { services.configuration.recovery }

    func perform(_ action: LoopAction, _ scope: ActionScope, _ reply: @escaping Reply) {
        switch action {
        case .sweepStale: sweepStale(scope, reply)
        case .collapsePending: reply(collapsePending(scope))
        case .sync(let client): sync(client, scope, reply)
        case .rebuild(let room): rebuild(room, scope, reply)
        case .freeMemory: freeMemory(scope, reply)
        case .protect(let ms): reply(door(scope) { $0.protect(until: after(ms)) })
        case .admit(let perSecond, let ms):
            let now = services.timeline.now
            reply(door(scope) { $0.limit(perSecond: perSecond, until: after(ms), at: now) })
        case .unprotect: reply(door(scope) { $0.endProtection() })
        case .admitAll: reply(door(scope) { $0.endLimit() })
        case .restartGame(let game, let quarantine): restart(game, quarantine, scope, reply)
        case .restartMiddleware(let name, let setsAside): reply(restart(name, setsAsideForMs: setsAside, scope))
        }
    }

    private func after(_ ms: Int) -> MonotonicTime { services.timeline.now + .milliseconds(ms) }

    // MARK: Connections

    private func sweepStale(_ scope: ActionScope, _ reply: @escaping Reply) {
        let now = services.timeline.now
        let silence = Duration.milliseconds(services.configuration.heartbeat.idleMs)
        let silent = sessions.all.filter { $0.isOpen && $0.hasGreeted && ($0.isAsked || $0.silence(at: now) > silence) }
        let eligible = sessions.count
        let most = scope.most(of: eligible)
        if scope.isDryRun {
            return reply(ActionReport(.done, touched: min(silent.count, most), eligible: eligible))
        }
        guard !silent.isEmpty else { return reply(ActionReport(.nothingToDo, eligible: eligible)) }
        for session in silent { session.demandLife() }
        let patience = Duration.milliseconds(configuration.probeMs)
        _ = services.timeline.alarm(at: now + patience) { [weak self] in
            guard let self else { return }
            let dead = silent.filter { $0.isAsked && $0.silence(at: self.services.timeline.now) >= patience }
            let given = dead.sorted { $0.number < $1.number }.prefix(most)
            for session in given { session.giveUp() }
            reply(
                ActionReport(
                    given.isEmpty ? .nothingToDo : .done, touched: given.count, eligible: eligible,
                    repaired: given.count,
                    details: ["asked": String(silent.count), "unanswered": String(dead.count)]))
        }
    }

    private func collapsePending(_ scope: ActionScope) -> ActionReport {
        let now = services.timeline.now
        let age = Duration.milliseconds(configuration.pendingAgeMs)
        let slow = services.backlogged.sessions
            .filter { $0.pendingFor(at: now) >= age }
            .map { (session: $0, pending: $0.pendingMessages(at: now)) }
            .filter { $0.pending > 0 }
            .sorted { $0.pending > $1.pending }
        let eligible = sessions.count
        let most = scope.most(of: eligible)
        if scope.isDryRun { return ActionReport(.done, touched: min(slow.count, most), eligible: eligible) }
        var collapsed = 0
        var trial = CollapseTrial(run: scope.run, until: now + scope.judgedWithin)
        for (session, pending) in slow {
            let taken = trial.touched.count < most ? session.collapse() : 0
            collapsed += taken
            // One with nothing but answers waiting is left as it is, and takes nobody's place.
            trial.note(session, pending: pending, isTouched: taken > 0)
        }
        let touched = trial.touched.count
        services.trial = trial
        return ActionReport(
            touched == 0 ? .nothingToDo : .done, touched: touched, eligible: eligible, repaired: touched,
            details: ["messages": String(collapsed), "slow_readers": String(slow.count)], cohorts: trial.before)
    }

    /// The client is what is touched, however many of its rooms it is behind in.
    private func sync(_ client: UInt64, _ scope: ActionScope, _ reply: @escaping Reply) {
        let now = services.timeline.now
        let behind = sessions[client]?.members.filter { $0.isOutOfStep(at: now) } ?? []
        guard let session = behind.first?.session else {
            return reply(ActionReport(.nothingToDo, eligible: isFirst ? 1 : 0))
        }
        if scope.isDryRun { return reply(ActionReport(.done, touched: 1, eligible: 1)) }
        // By then it was told more: made whole is who has confirmed the view, however far the game has gone on.
        let told = behind.map { member in
            member.room.sendSnapshot(to: member, .recovered)
            return (member: member, upTo: member.sent)
        }
        if let text = scope.playerText { session.send(lines: [ServerMessage.notice(.recovered, text: text)]) }
        let proof = now + .milliseconds(configuration.proofMs)
        _ = services.timeline.alarm(at: proof) {
            let proven = told.count { $0.member.acknowledged >= $0.upTo && $0.member.room.isAttached($0.member) }
            reply(
                ActionReport(
                    .done, touched: 1, eligible: 1, repaired: proven == told.count ? 1 : 0,
                    details: ["rooms": String(told.count), "acknowledged": String(proven)]))
        }
    }

    /// What all loops share is changed by the first.
    private var isFirst: Bool { services.neighbours.index == 0 }

    private func door(_ scope: ActionScope, _ change: (Admission) -> Void) -> ActionReport {
        guard isFirst else { return ActionReport(.nothingToDo) }
        if !scope.isDryRun { change(services.admission) }
        return ActionReport(.done, touched: 1, eligible: 1, repaired: 1)
    }

    // MARK: Rooms

    private func rebuild(_ id: RoomID, _ scope: ActionScope, _ reply: @escaping Reply) {
        let total = rooms.openRooms
        guard services.neighbours.elsewhere(id) == nil else {
            return reply(ActionReport(.nothingToDo, eligible: total))
        }
        if scope.isDryRun {
            return reply(
                ActionReport(rooms.knows(id) ? .done : .nothingToDo, touched: rooms.knows(id) ? 1 : 0, eligible: total))
        }
        let game = rooms.glimpse(id)?.game ?? ""
        rooms.rebuild(id) { verdict in
            let details = ["verdict": "\(verdict)"]
            switch verdict {
            case .equal: reply(ActionReport(.nothingToDo, eligible: total, details: details))
            case .replaced, .salvaged:
                self.services.middleware.recover(
                    .mended(id, game: game, procedure: "room_state_corruption"))
                reply(ActionReport(.done, touched: 1, eligible: total, repaired: 1, details: details))
            case .unreadable(let why): reply(ActionReport(.failed(why), eligible: total))
            case .unavailable: reply(ActionReport(.failed("the store does not answer"), eligible: total))
            }
        }
    }

    private func restart(_ game: String, _ quarantine: Int?, _ scope: ActionScope, _ reply: @escaping Reply) {
        let faulted = rooms.roomsAtWork.filter { $0.state.game == game && $0.hasFaulted }
        let eligible = max(1, rooms.openRooms)
        let most = scope.most(of: eligible)
        if scope.isDryRun {
            return reply(ActionReport(.done, touched: min(most, faulted.count), eligible: eligible))
        }
        if let quarantine { services.quarantined[game] = after(quarantine) }
        var open = faulted.prefix(most).count
        guard open > 0 else {
            // The game itself is what a quarantine touches.
            return reply(
                quarantine == nil
                    ? ActionReport(.nothingToDo, eligible: eligible) : ActionReport(.done, touched: 1, eligible: 1))
        }
        var verdicts: [String: Int] = [:]
        var repaired = 0
        let touched = open
        let middleware = services.middleware
        for room in faulted.prefix(most) {
            room.rebuild { verdict in
                verdicts[verdict.word, default: 0] += 1
                switch verdict {
                case .equal:
                    // The step that faulted was undone: what is left is proven good.
                    room.hasFaulted = false
                    repaired += 1
                case .replaced, .salvaged:
                    room.hasFaulted = false
                    repaired += 1
                    middleware.recover(.mended(room.id, game: game, procedure: "plugin_fault"))
                case .unreadable, .unavailable: break  // it is looked at again
                }
                open -= 1
                guard open == 0 else { return }
                let failed = verdicts["unavailable", default: 0] + verdicts["unreadable", default: 0]
                reply(
                    ActionReport(
                        failed == touched ? .failed("no room could be compared with its history") : .done,
                        touched: touched, eligible: eligible, repaired: repaired,
                        details: verdicts.mapValues(String.init)))
            }
        }
    }

    private func restart(_ name: String, setsAsideForMs: Int?, _ scope: ActionScope) -> ActionReport {
        guard let fresh = restartable[name] else { return ActionReport(.nothingToDo) }
        if scope.isDryRun { return ActionReport(.done, touched: 1, eligible: 1) }
        // The one that threw is gone or out of the chain then; of one that has not thrown lately nothing was mended.
        let repaired = services.middleware.hasFaulted(name, within: Self.lately) ? 1 : 0
        setAside[name] = setsAsideForMs.map(after)
        if let until = setAside[name] {
            services.middleware.setAside(name, true)
            _ = services.timeline.alarm(at: until) { [weak self] in self?.takeBack(name) }
        } else {
            services.middleware.replace(name, by: fresh())
        }
        return ActionReport(.done, touched: 1, eligible: 1, repaired: repaired)
    }

    /// A fresh one comes in the place of the one that was set aside, unless that was decided anew since.
    private func takeBack(_ name: String) {
        guard let until = setAside[name], services.timeline.now >= until, let fresh = restartable[name] else { return }
        setAside[name] = nil
        services.middleware.replace(name, by: fresh())
    }
}

extension RebuildVerdict {
    var word: String {
        switch self {
        case .equal: "equal"
        case .replaced: "replaced"
        case .salvaged: "salvaged"
        case .unreadable: "unreadable"
        case .unavailable: "unavailable"
        }
    }
}
