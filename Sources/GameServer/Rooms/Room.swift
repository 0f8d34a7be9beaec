import PluginAPI
import WebSocket

/// One room at work: takes requests in order, decides, commits, and only then delivers.
///
/// Lives on its event loop; every method runs to completion there. One record is on its way at a time; what comes
/// meanwhile waits in a bounded queue.
final class Room {
    /// A decided step on its way to the store.
    struct InFlight {
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
    static let arrivalsPerCommand = 16

    let services: LoopServices
    unowned let directory: RoomDirectory
    var state: RoomState
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
    var inFlight: InFlight?
    private var queue: [(request: RoomRequest, arrived: MonotonicTime)] = []
    var queuedCommands = 0
    private var isTaking = false
    /// When the step being decided began, and when what caused it arrived; for measuring.
    var stepBegan: MonotonicTime?
    var stepArrived: MonotonicTime?
    /// When the newest events became durable, so that an acknowledgement can be timed.
    var commitTimes = CommitTimes()
    var snapshotNumber: Int
    /// Up to this event, clients may have been told otherwise than history has it; 0 for none.
    var distrustedUpTo = 0
    /// The game's place among the installed ones, so that counting looks nothing up.
    let game: Int?
    /// The last append did not get through; the members were told.
    var isHeldByStore = false
    var isGone = false
    /// Since its history was last compared with it.
    var hasFaulted = false
    /// Nothing is decided while the room is compared with its history.
    var isFrozen = false
    /// What waits for the record on its way, and then keeps the room frozen.
    var afterCommit: (() -> Void)?

    var id: RoomID { state.room }
    var isCommitting: Bool { inFlight != nil || isFrozen }
    /// No record is on its way, none waits for the store, no request waits for either, and nobody compares the room with
    /// its history.
    var isAtRest: Bool { !isCommitting && afterCommit == nil && queue.isEmpty && !isHeldByStore }
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

    /// The room could not do what it had to.
    func fault(_ fault: RoomFault) {
        if fault.kind != .log { hasFaulted = true }
        services.middleware.stall(.fault(id, game: state.game, fault.kind, fault.sentence))
    }

    // MARK: Asking

    /// Takes a request now, or queues it behind the record on its way.
    func submit(_ request: RoomRequest) {
        if isGone { return refuse(request, .roomGone) }
        if services.isDraining, request.isCommand { return refuse(request, .draining) }
        guard isCommitting || !queue.isEmpty else { return take(request, arrived: services.timeline.exactNow) }
        let limit = services.configuration.limits.queueCommands
        if request.isCommand {
            guard queuedCommands < limit else {
                return refuse(request, .overloaded("\(limit) commands of this room are waiting"))
            }
            queuedCommands += 1
            request.commander?.commandQueued()
        } else {
            let most = limit * Self.arrivalsPerCommand
            if queue.count - queuedCommands >= most { forgetDeparted() }
            guard queue.count - queuedCommands < most else {
                return refuse(request, .overloaded("\(most) arrivals in this room are waiting"))
            }
        }
        queue.append((request, services.timeline.exactNow))
    }

    /// Whoever came and went again while the room could not let them in keeps nobody else out.
    private func forgetDeparted() {
        // While requests are taken one by one, those that are gone are taken too.
        guard !isTaking else { return }
        queue.removeAll { $0.request.isFromNobody }
    }

    private func take(_ request: RoomRequest, arrived: MonotonicTime) {
        stepArrived = arrived
        beginStep()
        handle(request)
        stepArrived = nil
    }

    /// From here on a step is being decided.
    func beginStep() { stepBegan = services.timeline.exactNow }

    func takeQueued() {
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        var taken = 0
        while !isCommitting, !isGone, taken < queue.count {
            let (request, arrived) = queue[taken]
            taken += 1
            if request.isCommand { queuedCommands -= 1 }
            request.commander?.commandTaken()
            take(request, arrived: arrived)
        }
        // A room that ended meanwhile has refused what was left.
        queue.removeFirst(min(taken, queue.count))
        if isGone { refuseQueued(.roomGone) }
    }

    private func refuseQueued(_ rejection: Rejection) {
        let rest = queue
        queue = []
        queuedCommands = 0
        for (request, _) in rest {
            request.commander?.commandTaken()
            refuse(request, rejection)
        }
    }

    // MARK: Leaving

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
        if let next = afterCommit {
            afterCommit = nil
            next()
        }
        let leaving = members
        members = []
        for member in leaving { member.session.expelled(from: self, why) }
    }
}
