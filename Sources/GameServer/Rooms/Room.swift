import PluginAPI
import WebSocket

/// One room at work: takes requests in order, decides, commits, and only then delivers.
///
/// Lives on its event loop; every method runs to completion there. One record is on its way at a time; what comes
/// meanwhile waits in a bounded queue.
final class Room {
    /// A decided step on its way to the store.
    private struct InFlight {
        let draft: Draft
        let append: Append
        let then: Completion
        /// When its command arrived, if one caused it; when the room took it up; when it was offered to the store.
        let arrived: MonotonicTime?
        let began: MonotonicTime
        let started: MonotonicTime
        /// An earlier try may have been written: from then on only the store's word on this record ends the wait.
        var isUnknown = false
    }

    /// What follows a commit besides telling the room.
    enum Completion {
        case nothing
        case answer(Member, n: Int)
        case seat(JoinRequest, Seat)
        case `return`(Arrival, Seat)
        case leave(Member, n: Int)
        case created(JoinRequest)
    }

    /// How a known player comes back: by repeating `create` or `join`, or with a position.
    enum Arrival {
        case repeated(JoinRequest)
        case resumed(ResumeRequest)

        var session: Session {
            switch self {
            case .repeated(let request): request.session
            case .resumed(let request): request.session
            }
        }
    }

    /// Coming and going may queue deeper than commands: after a restart everybody returns at once.
    private static let arrivalsPerCommand = 16

    let services: LoopServices
    unowned let directory: RoomDirectory
    private(set) var state: RoomState
    var attendance: Attendance
    var timers: RunningTimers
    var resync: Resync
    var members: [Member] = [] {
        didSet {
            if !members.isEmpty { idleSince = nil } else if idleSince == nil { idleSince = services.timeline.now }
        }
    }
    /// Since when nobody is in the room, or since it was read from the store if nobody has come in yet.
    private(set) var idleSince: MonotonicTime?
    var status: RoomStatus
    var rev = 1
    /// When the bot whose turn it is moves.
    var botMove: (seat: Seat, at: MonotonicTime)?
    /// Bots that had nothing to do; they are asked again when the room has moved.
    var idleBots: Set<Seat> = []
    var nextTick: MonotonicTime?
    /// When a finished room closes, or one that nobody has come back to since a restart.
    var closesAt: MonotonicTime?
    /// After a failed append nothing of the room's own is tried before this.
    var holdUntil: MonotonicTime?
    var alarm: (at: MonotonicTime, alarm: Alarm)?
    private var inFlight: InFlight?
    private var queue: [(request: RoomRequest, arrived: MonotonicTime)] = []
    private var queuedCommands = 0
    /// When the step being decided began, and when what caused it arrived; for measuring.
    private var stepBegan: MonotonicTime?
    private var stepArrived: MonotonicTime?
    /// When the newest events became durable, so that an acknowledgement can be timed.
    var commitTimes = CommitTimes()
    private var snapshotNumber: Int
    /// The game's place among the installed ones, so that counting looks nothing up.
    private let game: Int?
    /// The last append did not get through; the members were told.
    private var isHeldByStore = false
    private(set) var isGone = false

    var id: RoomID { state.room }
    var isCommitting: Bool { inFlight != nil }
    /// No record is on its way, none waits for the store, and no request waits for either.
    var isAtRest: Bool { inFlight == nil && queue.isEmpty && !isHeldByStore }
    /// Requests behind the record on its way.
    var waitingRequests: Int { queue.count }

    /// - Parameters:
    ///   - state: the room as its last record left it.
    ///   - history: the events that record and those before it brought, as far as they are kept.
    ///   - snapshotNumber: record of the newest snapshot in the store; 0 for none.
    init(
        _ state: RoomState, history: Resync, snapshotNumber: Int, services: LoopServices, directory: RoomDirectory
    ) {
        let rooms = services.configuration.rooms
        let now = services.timeline.now
        self.state = state
        self.services = services
        self.directory = directory
        game = services.games.index(of: state.game)
        resync = history
        attendance = Attendance(
            emptySince: now, pauseAfter: .milliseconds(rooms.pauseAfterMs),
            abandonAfter: .milliseconds(rooms.abandonedMs))
        timers = RunningTimers()
        self.snapshotNumber = snapshotNumber
        idleSince = now
        status = RoomStatus(of: state, attendance: attendance, timers: timers)
    }

    /// The room could not do what it had to. The sentence holds no secret.
    func fault(_ sentence: String) {
        services.middleware.stall(.fault(id, game: state.game, sentence))
    }

    // MARK: Asking

    /// Takes a request now, or queues it behind the record on its way.
    func submit(_ request: RoomRequest) {
        if isGone { return refuse(request, .roomGone) }
        if services.isDraining, request.isCommand { return refuse(request, .draining) }
        guard inFlight != nil || !queue.isEmpty else { return take(request, arrived: services.timeline.exactNow) }
        let limit = services.configuration.limits.queueCommands
        if request.isCommand {
            guard queuedCommands < limit else {
                return refuse(request, .overloaded("\(limit) commands of this room are waiting"))
            }
            queuedCommands += 1
        } else {
            let most = limit * Self.arrivalsPerCommand
            guard queue.count - queuedCommands < most else {
                return refuse(request, .overloaded("\(most) arrivals in this room are waiting"))
            }
        }
        queue.append((request, services.timeline.exactNow))
    }

    private func take(_ request: RoomRequest, arrived: MonotonicTime) {
        stepArrived = arrived
        beginStep()
        handle(request)
        stepArrived = nil
    }

    /// From here on a step is being decided.
    func beginStep() { stepBegan = services.timeline.exactNow }

    private func takeQueued() {
        var taken = 0
        while inFlight == nil, !isGone, taken < queue.count {
            let (request, arrived) = queue[taken]
            taken += 1
            if request.isCommand { queuedCommands -= 1 }
            take(request, arrived: arrived)
        }
        queue.removeFirst(taken)
        if isGone { refuseQueued(.roomGone) }
    }

    private func refuseQueued(_ rejection: Rejection) {
        let rest = queue
        queue = []
        queuedCommands = 0
        for (request, _) in rest { refuse(request, rejection) }
    }

    // MARK: Deciding and committing

    func context() -> StepContext {
        // A fixed shuffle depends on what has happened in the game, not on who came and went before.
        let key =
            state.seed.map { GameRandom.Key.seeded($0, step: UInt64(state.sequence)) } ?? .fresh(using: &services.luck)
        // Later than the last record even when the wall clock was set back, so that a timer armed anew is another one.
        // A room was created when its first record says so.
        let at =
            state.number == 0
            ? state.created : max(services.timeline.wallClock, state.changed + .milliseconds(1))
        return StepContext(at: at, key: key)
    }

    /// Sends a draft to the store. Nothing of it is seen before the answer.
    func commit(_ draft: Draft, then completion: Completion = .nothing) {
        precondition(inFlight == nil, "one append in flight per room")
        let append = draft.append(lifetimes: services.lifetimes)
        let now = services.timeline.exactNow
        inFlight = InFlight(
            draft: draft, append: append, then: completion, arrived: stepArrived, began: stepBegan ?? now, started: now)
        stepBegan = nil
        send(append)
    }

    private func send(_ append: Append) {
        services.store.append(append) { [weak self] outcome, at in self?.appended(outcome, at: at) }
    }

    private func appended(_ outcome: AppendOutcome, at known: MonotonicTime) {
        guard let done = inFlight, !isGone else { return }
        services.middleware.commit(fact(of: done, outcome, known))
        noteStore(outcome)
        switch outcome {
        case .unknown,
            .unavailable where done.isUnknown:
            // Frozen: the identical append again until the store knows. Not written now says nothing of before.
            inFlight?.isUnknown = true
            let again = services.timeline.now + .milliseconds(200)
            _ = services.timeline.alarm(at: again) { [weak self] in self?.send(done.append) }
            return
        case .committed:
            inFlight = nil
            commitTimes.note(done.draft.state.sequence, at: known)
            accept(done.draft, done.then, durable: known, arrived: done.arrived)
            checkpointIfDue()
        case .unavailable:
            inFlight = nil
            holdUntil = services.timeline.now + .seconds(1)
            refuse(done.then, .storeUnavailable)
            if state.number == 0 { return vanish(.internal) }
        case .conflict(let head):
            fault("record \(done.append.number) met a head of \(head): reading it again")
            return vanish(.resync)
        case .fenced:
            return vanish(.moved)
        }
        takeQueued()
        if !isGone { rearm() }
    }

    private func fact(of done: InFlight, _ outcome: AppendOutcome, _ known: MonotonicTime) -> Commit {
        Commit(
            room: id, game: state.game, record: done.append.number, sequence: done.append.lastSequence,
            events: done.append.eventCount, bytes: done.append.payload.count, cause: done.draft.record.cause.word,
            outcome: outcome.word, turn: outcome == .committed ? done.draft.turn(from: state) : .none,
            queued: done.arrived.map { Span(from: $0, to: done.began) } ?? .zero,
            decided: Span(from: done.began, to: done.started), stored: Span(from: done.started, to: known))
    }

    /// Keeps what health says of the store, and tells the room when its commands stop and go on being stored.
    private func noteStore(_ outcome: AppendOutcome) {
        let now = services.timeline.now
        switch outcome {
        case .unavailable: services.storeTrouble.failed(at: now)
        case .unknown: services.storeTrouble.froze(id)
        case .committed: services.storeTrouble.succeeded()
        case .conflict, .fenced: break
        }
        if outcome != .unknown, inFlight?.isUnknown != true || outcome != .unavailable {
            services.storeTrouble.settled(id)
        }
        let isHeld = outcome == .unavailable || outcome == .unknown
        guard isHeld != isHeldByStore, isHeld || outcome == .committed else { return }
        isHeldByStore = isHeld
        if isHeld {
            services.middleware.stall(.store(id, game: state.game))
        } else {
            services.middleware.recover(.store(id, game: state.game))
        }
        notify(
            isHeld ? .storeTrouble : .recovered,
            isHeld ? "commands cannot be stored at the moment" : "commands are stored again")
    }

    /// The record is durable: the draft is the truth now, and everybody may know.
    private func accept(
        _ draft: Draft, _ completion: Completion, durable: MonotonicTime, arrived: MonotonicTime?
    ) {
        let before = state
        let now = services.timeline.now
        state = draft.state
        let events = draft.outcome?.rendered(for: state.viewers) ?? []
        resync.append(events, at: draft.record.at)
        count(draft)
        follow(draft, from: before, completion, at: now)
        directory.changed(self)
        let told = tell(events, at: draft.record.at, completion)
        if !events.isEmpty { delivered(told, events.count, durable: durable, arrived: arrived) }
        complete(completion)
        if let waiting = state.waiting, waiting.seats != before.waiting?.seats {
            for member in members where member.seat.map(waiting.seats.contains) ?? false { member.session.watchOver() }
        }
        evictStrangers()
        if state.isClosed { vanish(.roomClosed) }
    }

    /// What the game counted in a step counts now that the step is stored, and never again: replay counts nothing.
    private func count(_ draft: Draft) {
        guard let sink = services.domainMetrics, let game, let observations = draft.outcome?.observations,
            !observations.isEmpty
        else { return }
        sink.observed(observations, ofGame: game)
    }

    /// Brings what is not stored in line with what is: timers, attendance, the bot's move.
    private func follow(
        _ draft: Draft, from before: RoomState, _ completion: Completion, at now: MonotonicTime
    ) {
        switch completion {
        case .return(_, let seat), .seat(_, let seat): arrived(seat)
        case .created: arrived(0)
        case .nothing, .answer, .leave: break
        }
        timers.follow(state.match.timers, at: now)
        for (index, seat) in state.seats.enumerated()
        where seat.occupant != .human && before.seats[index].occupant == .human {
            attendance.vacated(Seat(index), at: now)
        }
        if before.status != state.status {
            if state.status == .playing {
                attendance.restartGrace(at: now, .milliseconds(services.configuration.rooms.graceMs))
            } else if state.status == .finished {
                attendance.endGrace()
                closesAt = now + .milliseconds(services.configuration.rooms.finishedMs)
            }
        }
        if case .presence(let seat, .dropped) = draft.record.cause { attendance.graceServed(seat) }
        botMove = nil
        idleBots = []
        holdUntil = nil
    }

    /// Somebody is at the table: what was paused goes on.
    func arrived(_ seat: Seat) {
        if attendance.isPaused {
            timers.resume(state.match.timers, at: services.timeline.now, wallClock: state.changed)
        }
        if state.status != .finished { closesAt = nil }
        attendance.arrived(seat)
    }

    private func checkpointIfDue() {
        let every = services.configuration.rooms.snapshotEveryRecords
        guard !isGone, state.number - snapshotNumber >= every else { return }
        checkpoint()
    }

    private func checkpoint() {
        do {
            services.store.checkpoint(id, term: state.term, try state.snapshot())
            snapshotNumber = state.number
        } catch {
            fault("no snapshot at record \(state.number): \(error.message)")
            snapshotNumber = state.number
        }
    }

    /// Leaves the loop until somebody touches it or its next instant comes. Only for a room that can sleep.
    func fallAsleep() -> Slumber {
        precondition(canSleep, "a room sleeps when nothing is on its way")
        if state.number > snapshotNumber { checkpoint() }
        isGone = true
        alarm?.alarm.cancel()
        alarm = nil
        return Slumber(
            digest: state.digest, attendance: attendance, timers: timers, status: status, rev: rev, idleBots: idleBots,
            closesAt: closesAt, snapshotNumber: snapshotNumber, wakesAt: nextDue)
    }

    /// Takes the room off this loop: closed, moved away, or to be read again from the store.
    func vanish(_ why: Disconnect) {
        guard !isGone else { return }
        isGone = true
        services.storeTrouble.settled(id)
        alarm?.alarm.cancel()
        alarm = nil
        if let lost = inFlight {
            inFlight = nil
            refuse(lost.then, .storeUnavailable)
        }
        directory.vanished(self, why)
        // Before the members go: what is refused must still find its session.
        refuseQueued(why == .roomClosed ? .roomGone : .storeUnavailable)
        let leaving = members
        members = []
        for member in leaving { member.session.expelled(from: self, why) }
    }
}
