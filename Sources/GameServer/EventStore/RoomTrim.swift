/// The end of what was deleted from the beginning of a room's log: what its first remaining record continues.
struct RoomTrim: Equatable {
    /// Of the last record deleted; 0 when none was.
    var number: Int
    /// Of the last event deleted.
    var sequence: Int
    var digest: Digest

    static let nothing = RoomTrim(number: 0, sequence: 0, digest: .zero)
}
