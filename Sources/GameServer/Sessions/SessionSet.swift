/// A few sessions that need looking after, so that nobody has to look at all of them.
struct SessionSet {
    private var members: [UInt64: Session] = [:]

    var sessions: some Collection<Session> { members.values }

    mutating func note(_ session: Session) { members[session.number] = session }
    mutating func forget(_ session: Session) { members[session.number] = nil }
    mutating func keep(where isKept: (Session) -> Bool) { members = members.filter { isKept($0.value) } }
}
