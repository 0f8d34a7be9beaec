/// How long a room is kept when nothing happens in it.
struct RoomLifetimes: Sendable {
    /// Without a connected person, before it closes.
    var abandoned: Duration
    /// After the game's end, before it closes.
    var finished: Duration
}
