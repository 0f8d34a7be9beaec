/// What keeps a session on its loop, or takes it to another. Most never have one.
final class Itinerary {
    /// Lists of rooms that other loops are asked for.
    var openLists = 0
    /// The loop it has to go on at.
    var destination: Int?
    /// What it has not handled of the message at hand.
    var rest: [UInt8] = []
}
