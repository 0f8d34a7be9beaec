import Observability
import PluginAPI

/// What a recovery procedure has a loop do.
enum LoopAction: Sendable, Equatable {
    /// Ask every silent connection for a sign of life, and close those that give none.
    case sweepStale
    /// Replace what slow readers have waiting by one snapshot each.
    case collapsePending
    /// Send one connection the whole view of the rooms it is out of step with.
    case sync(client: UInt64)
    /// Compare a room with its history.
    case rebuild(RoomID)
    /// Put rooms to sleep that nobody is in, and give memory back.
    case freeMemory
    /// Nobody new for a while; games go on.
    case protect(forMs: Int)
    /// New connections at a steady rate for a while.
    case admit(perSecond: Int, forMs: Int)
    /// Takes back what `protect` did, and nothing else.
    case unprotect
    /// Takes back what `admit` did, and nothing else.
    case admitAll
    /// Compare every room of a game that faulted with its history; at a later attempt no new rooms of it are opened.
    case restartGame(String, quarantinesForMs: Int?)
    /// Put a fresh middleware in the place of one that throws; at a later attempt only after a while without it.
    case restartMiddleware(String, setsAsideForMs: Int?)

    /// Whether it touches as many objects of those there are as its scope lets it.
    var isBounded: Bool {
        switch self {
        case .sweepStale, .collapsePending, .freeMemory, .restartGame: true
        case .sync, .rebuild, .protect, .admit, .unprotect, .admitAll, .restartMiddleware: false
        }
    }
}

/// How far an action may go.
struct ActionScope: Sendable {
    var run = 0
    var isDryRun: Bool
    /// Most objects touched, as a share of what could be.
    var blastRadius: Double
    /// This loop's share, where that was settled for all loops together.
    var share: Int?
    /// What the players who are touched are told.
    var playerText: String?
    /// How long it can take until the run is judged.
    var judgedWithin = Duration.zero

    /// Most objects that may be touched: at least one on all loops together.
    func most(of eligible: Int) -> Int { share ?? RecoveryOrder.maxTouched(of: eligible, within: blastRadius) }
}
