/// Members that acknowledge, and are far behind what they were sent: candidates for a snapshot.
struct BehindMembers {
    /// Most that are remembered; who is beyond it is noted at the next event.
    private static let most = 1024

    /// Nobody would ever forget them where nobody looks.
    private let isWatched: Bool
    private var members: [ObjectIdentifier: Member] = [:]

    /// - Parameter isWatched: whether somebody asks who is `current`; otherwise none is remembered.
    init(isWatched: Bool) { self.isWatched = isWatched }

    mutating func note(_ member: Member) {
        if isWatched, members.count < Self.most { members[ObjectIdentifier(member)] = member }
    }

    mutating func forget(_ member: Member) { members[ObjectIdentifier(member)] = nil }

    /// Those that are still in their rooms and behind; the others are forgotten.
    mutating func current() -> [Member] {
        members = members.filter { $0.value.room.isAttached($0.value) && $0.value.isBehind }
        return Array(members.values)
    }
}
