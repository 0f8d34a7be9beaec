/// What a game says of itself before any room exists.
public struct Manifest: Sendable {
    /// What happens to a seat whose player stays away longer than the grace time.
    public enum DropPolicy: String, Sendable {
        /// A bot plays on until the player returns.
        case bot
        /// The seat waits; the game's own timers decide.
        case wait
    }

    /// Lower-case name on the wire and in the store, such as `liap-tui`. Never reused for another game.
    public var id: String
    /// Name for people.
    public var title: String
    /// Rises with every change of rules, events or options; kept in every record.
    public var version: Int
    /// Fewest and most seats of a match.
    public var seats: ClosedRange<Int>
    public var onDrop: DropPolicy
    /// Time between two `tick` calls; nil for a game without ticks.
    public var tickInterval: Duration?
    /// Numbers of the game's own; each says at which place it stands here.
    public var metrics: [PluginMetric]

    public init(
        id: String, title: String, version: Int, seats: ClosedRange<Int>, onDrop: DropPolicy = .bot,
        tickInterval: Duration? = nil, metrics: [PluginMetric] = []
    ) {
        precondition(seats.lowerBound >= 1 && seats.upperBound <= 64, "a match has 1 to 64 seats")
        self.id = id
        self.title = title
        self.version = version
        self.seats = seats
        self.onDrop = onDrop
        self.tickInterval = tickInterval
        self.metrics = metrics
    }
}
