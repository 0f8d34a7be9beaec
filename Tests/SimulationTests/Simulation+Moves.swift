@testable import GameServer
import PluginAPI

@testable import TestSupport

// What players do, one thing at a time.

extension Simulation {
    private static let options: [String: JSON] = [
        "liap-tui": ["round_limit": 1, "turn_ms": 4000, "vote_ms": 3000, "bot_delay_ms": [50, 400]]
    ]

    func move(_ player: SimulatedPlayer) {
        let client = player.client
        guard client.isConnected else { return player.greet() }
        player.goFromLeftRooms()
        if client.isHearing { player.resend() }
        guard let number = players.firstIndex(where: { $0 === player }) else { return }
        let mine = tables.indices.filter { tables[$0].players.contains(number) }
        guard let index = mine.randomElement(using: &random) else { return watch(player) }
        settle(player, at: index)
        guard let room = tables[index].room else { return open(player, number, index) }
        guard let place = client.places[room], place.over == nil else { return sit(player, room, index) }
        if faultsAreOn, chance(12) { return beOdd(player, room, place) }
        if chance(15) { client.send(["type": "ack", "room": .string(room.description), "seq": JSON(place.seq)]) }
        play(player, room, place)
    }

    /// A game that is over makes room for the next one, while there is trouble to be had.
    private func settle(_ player: SimulatedPlayer, at index: Int) {
        guard let room = tables[index].room else { return }
        if world.rooms[room] == nil { oracle.read(room) }
        guard let state = oracle.state(of: room) else { return }
        guard state.status == .finished || state.status == .closed, faultsAreOn else { return }
        guard player === players[tables[index].players[0]] else { return }
        tables[index].gamesFinished += state.status == .finished ? 1 : 0
        for each in players { each.forgetAtTable(room) }
        tables[index].room = nil
        tables[index].secret = player.client.freshSecret()
    }

    private func open(_ player: SimulatedPlayer, _ number: Int, _ index: Int) {
        let table = tables[index]
        guard number == table.players[0] else { return }
        let options = Self.options[table.game] ?? .object([])
        player.client.send(player.client.createRequest(table.game, options: options, secret: table.secret))
        adopt(player, index)
    }

    /// The room may have come now, or with an answer that was slow.
    private func adopt(_ player: SimulatedPlayer, _ index: Int) {
        let secret = tables[index].secret
        if let place = player.client.places.values.first(where: { $0.secret == secret }) {
            tables[index].room = place.room
        }
    }

    private func sit(_ player: SimulatedPlayer, _ room: RoomID, _ index: Int) {
        let client = player.client
        if let status = oracle.state(of: room)?.status, status != .waiting { return }
        if client.place(room).over != nil { player.forget(room) }
        client.send(client.joinRequest(room, secret: player.secret(for: room), name: client.name))
    }

    private func watch(_ player: SimulatedPlayer) {
        guard let room = tables.compactMap(\.room).randomElement(using: &random) else { return }
        if player.client.places[room] == nil {
            player.client.send(["type": "watch", "room": .string(room.description)])
        } else if faultsAreOn, chance(20) {
            player.client.cut()
        }
    }

    private func play(_ player: SimulatedPlayer, _ room: RoomID, _ place: Place) {
        guard let seat = place.seat, let state = oracle.state(of: room) else { return }
        switch state.status {
        case .waiting where state.host == seat: lead(player, room, state)
        case .playing where state.waiting?.seats.contains(seat) ?? false:
            guard let action = SimulatedPlayer.legalAction(state.match, seat, using: &random) else { return }
            player.command(room, [.init("type", "act"), .init("action", action)])
        default: break
        }
    }

    private func lead(_ player: SimulatedPlayer, _ room: RoomID, _ state: RoomState) {
        let order: String
        if state.filledSeats.count < state.seats.count {
            guard !faultsAreOn || chance(40) else { return }
            order = "add_bot"
        } else {
            order = "start"
        }
        player.command(room, [.init("type", "host"), .init("do", .string(order))])
    }

    /// Repeats, gaps, chatter, a leave: all of it legal to send.
    private func beOdd(_ player: SimulatedPlayer, _ room: RoomID, _ place: Place) {
        let client = player.client
        let name = JSON.string(room.description)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: player.sendOddNumber(room, Int.random(in: 1...max(1, place.lastN), using: &random))
        case 1: player.sendOddNumber(room, place.lastN + Int.random(in: 2...5, using: &random))
        case 2: client.send(["type": "resync", "room": name])
        case 3: client.send(["type": "chat", "room": name, "text": "hello \"you\""])
        case 4: client.send(["type": "list"])
        case 5: client.send(client.joinRequest(room, secret: place.secret ?? client.freshSecret()))
        case 6: client.send(["type": "ack", "room": name, "seq": JSON(place.seq + 1000)])
        case 7: client.send(text: "{\"type\":\"nonsense\"}\nnot json\n[1]")
        case 8 where chance(10): player.command(room, [.init("type", "leave")])
        case 9 where chance(20):
            player.command(room, [.init("type", "host"), .init("do", "remove"), .init("seat", JSON(1))])
        case 10: player.command(room, [.init("type", "act"), .init("action", ["kind": "nothing"])])
        default: break
        }
    }
}

extension SimulatedPlayer {
    /// The table is cleared: whoever still sits there goes.
    func forgetAtTable(_ room: RoomID) {
        if client.isConnected, client.session?.member(in: room) != nil { client.cut() }
        forget(room)
    }
}
