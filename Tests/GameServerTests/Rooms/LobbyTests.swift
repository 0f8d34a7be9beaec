@testable import GameServer
import PluginAPI
import Testing

@Suite("Life of a room: the lobby and closed rooms") struct LobbyTests {
    private static func summary(
        _ room: UInt64, created: Int64, game: String = "a", _ status: RoomSummary.Status = .waiting,
        _ visibility: RoomSummary.Visibility = .public
    ) -> RoomSummary {
        let instant = Timestamp(unixMilliseconds: created)
        return RoomSummary(
            room: RoomID(raw: room), game: game, visibility: visibility, status: status, created: instant,
            changed: instant)
    }

    private func rooms(_ lobby: Lobby, game: String? = nil, limit: Int = 100) -> [UInt64] {
        lobby.newest(game: game, limit: limit).map(\.room.raw)
    }

    @Test func `newest first in whatever order they come, filtered by game, up to the limit`() {
        var lobby = Lobby()
        lobby.note(Self.summary(1, created: 20))
        lobby.note(Self.summary(2, created: 10, game: "b"))
        lobby.note(Self.summary(3, created: 30))
        lobby.note(Self.summary(4, created: 20, game: "b"))
        #expect(rooms(lobby) == [3, 4, 1, 2])
        #expect(rooms(lobby, game: "b") == [4, 2])
        #expect(rooms(lobby, limit: 2) == [3, 4])
        #expect(rooms(lobby, game: "c") == [])
    }

    @Test func `finished, closed and private rooms are not listed but counted until they are forgotten`() {
        var lobby = Lobby()
        lobby.note(Self.summary(1, created: 1))
        lobby.note(Self.summary(2, created: 2, .playing, .private))
        lobby.note(Self.summary(1, created: 1, .finished))
        #expect(rooms(lobby) == [])
        #expect(lobby.count(in: .waiting) == 0 && lobby.count(in: .playing) == 1 && lobby.count(in: .finished) == 1)
        lobby.forget(RoomID(raw: 1))
        lobby.forget(RoomID(raw: 1))
        #expect(lobby.count(in: .finished) == 0)
        lobby.note(Self.summary(3, created: 3))
        lobby.forget(RoomID(raw: 3))
        #expect(rooms(lobby) == [] && lobby.count(in: .waiting) == 0)
    }

    @Test(arguments: [1, 2, 3, UInt64.random(in: 4...UInt64(UInt32.max))])
    func `any schedule leaves what a plain list would hold`(seed: UInt64) {
        print("lobby: seed \(seed)")
        var random = GameRandom(seed: seed)
        var lobby = Lobby()
        var model: [UInt64: RoomSummary] = [:]
        for step in 0..<2_000 {
            let room = UInt64.random(in: 0..<60, using: &random)
            let known = model[room]
            if let known, Int.random(in: 0..<4, using: &random) == 0 {
                lobby.forget(known.room)
                model[room] = nil
            } else {
                let status = [RoomSummary.Status.waiting, .playing, .finished, .closed].randomElement(using: &random)
                let new = Self.summary(
                    room, created: known?.created.unixMilliseconds ?? Int64.random(in: 0..<40, using: &random),
                    game: known?.game ?? (Bool.random(using: &random) ? "a" : "b"), status ?? .waiting,
                    known?.visibility ?? (Bool.random(using: &random) ? .public : .private))
                lobby.note(new)
                model[room] = new
            }
            for game in [nil, "a"] as [String?] {
                let expected = model.values
                    .filter { $0.visibility == .public && ($0.status == .waiting || $0.status == .playing) }
                    .filter { game == nil || $0.game == game }
                    .sorted { ($0.created, $0.room.raw) > ($1.created, $1.room.raw) }
                guard lobby.newest(game: game, limit: 20) == Array(expected.prefix(20)) else {
                    Issue.record("seed \(seed), step \(step): the lists differ")
                    return
                }
            }
            for status in [RoomSummary.Status.waiting, .playing, .finished, .closed] {
                #expect(
                    lobby.count(in: status) == model.values.count { $0.status == status }, "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `a closed room is gone until its time, then forgotten when another one closes`() {
        var gone = GoneRooms()
        let at = { Timestamp(unixMilliseconds: $0) }
        gone.add(RoomID(raw: 1), until: at(100), now: at(0))
        gone.add(RoomID(raw: 2), until: at(150), now: at(50))
        #expect(gone.contains(RoomID(raw: 1), at: at(99)) && !gone.contains(RoomID(raw: 1), at: at(100)))
        #expect(!gone.contains(RoomID(raw: 3), at: at(0)))
        gone.add(RoomID(raw: 3), until: at(220), now: at(120))
        #expect(gone.count == 2)
        #expect(gone.contains(RoomID(raw: 2), at: at(120)) && gone.contains(RoomID(raw: 3), at: at(120)))
    }

    @Test func `above the ceiling of closed rooms the oldest is forgotten`() {
        var gone = GoneRooms()
        let (now, later) = (Timestamp(unixMilliseconds: 0), Timestamp(unixMilliseconds: 1))
        for raw in 0...UInt64(GoneRooms.maxRooms) { gone.add(RoomID(raw: raw), until: later, now: now) }
        #expect(gone.count == GoneRooms.maxRooms)
        #expect(!gone.contains(RoomID(raw: 0), at: now))
        #expect(
            gone.contains(RoomID(raw: 1), at: now) && gone.contains(RoomID(raw: UInt64(GoneRooms.maxRooms)), at: now))
    }

    @Test func `a room noted with another time of creation still stands once`() {
        var lobby = Lobby()
        var room = RoomSummary(
            room: RoomID(raw: 7), game: "g", visibility: .public, status: .waiting,
            created: Timestamp(unixMilliseconds: 17), changed: Timestamp(unixMilliseconds: 17))
        lobby.note(room)
        room.created = Timestamp(unixMilliseconds: 18)
        lobby.note(room)
        #expect(lobby.newest(game: nil, limit: 10) == [room])
        lobby.forget(room.room)
        #expect(lobby.newest(game: nil, limit: 10).isEmpty)
        #expect(lobby.count(in: .waiting) == 0)
    }
}
