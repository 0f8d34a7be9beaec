import Foundation
@testable import GameServer
import LiapTui
import PluginAPI
import TicTacToe
import WebSocket

@testable import TestSupport

/// One of two worlds that go through the same: in one of them the room sleeps whenever it can, in the other never.
///
/// There is one room, because two share their luck, and which of them draws first depends on who is awake.
final class SleepingTwin {
    private static let games = [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)]
    private static let options: JSON = [
        "round_limit": 2, "turn_ms": 9000, "vote_ms": 7000, "bot_delay_ms": [300, 2500],
    ]

    let world: World
    private let players: [SimulatedPlayer]
    private let room: RoomID
    private var random: GameRandom
    /// Apart from what happens, so that both worlds make the same choices.
    private var sleepiness: GameRandom?
    /// Every line a client was told about one room, or about none.
    private(set) var told: [String: [[UInt8]]] = [:]
    private(set) var sleeps = 0

    init(seed: UInt64, sleeps: Bool) throws {
        var configuration = Configuration()
        configuration.rooms.pauseAfterMs = 3000
        configuration.rooms.sleepAfterMs = 31 * 86_400_000
        configuration.rooms.abandonedMs = 2_000_000
        configuration.rooms.finishedMs = 900_000
        configuration.rooms.retentionEvents = 30
        configuration.rooms.snapshotEveryRecords = 8
        world = World(seed: seed, games: Self.games, configuration: configuration)
        random = GameRandom(seed: seed)
        sleepiness = sleeps ? GameRandom(seed: seed ^ 0x5EED) : nil
        players = ["Ana", "Ben", "Cho"].map { [world] name in SimulatedPlayer(world.client(name)) }
        for player in players { player.greet() }
        let isCards = !seed.isMultiple(of: 3)
        room = try players[0].client.create(
            isCards ? "liap-tui" : "tic-tac-toe", options: isCards ? Self.options : .object([]))
        world.onLine = { [unowned self] client, outlet, line, json in
            told["\(client.name) \(json["room"]?.string ?? "")", default: []].append(line)
            guard client.outlet === outlet else { return }
            _ = players.first { $0.client === client }?.hear(json)
        }
        players[1].client.join(room)
        for _ in 0..<(isCards ? 2 : 0) { players[0].client.host(room, "add_bot") }
        players[0].client.host(room, "start")
        for player in players { player.client.keepsMessages = false }
    }

    func run(steps: Int) {
        for _ in 0..<steps {
            step()
            let span = [100, 700, 2000, 6000, 20_000].randomElement(using: &random) ?? 100
            world.advance(by: .milliseconds(Int.random(in: 0...span, using: &random)))
            guard var luck = sleepiness else { continue }
            if Int.random(in: 0..<3, using: &luck) > 0 { sleeps += world.rooms.sleepIdle(atMost: 2) }
            sleepiness = luck
        }
        // Everybody comes and looks once more.
        for player in players where !player.client.isConnected { player.greet() }
        world.advance(by: .seconds(1))
    }

    private func step() {
        let player = players[Int.random(in: players.indices, using: &random)]
        let client = player.client
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<6: client.cut()
        case 6..<9: for each in players { each.client.cut() }
        case 9..<20: if !client.isConnected { player.greet() }
        case 20: world.timeline.jumpWallClock(by: .seconds(Int.random(in: -400...400, using: &random)))
        case 21: world.advance(by: .seconds(Int.random(in: 10...150, using: &random)))
        case 22 where Int.random(in: 0..<4, using: &random) == 0: crash()
        case 23 where client.isConnected && client.places[room] == nil:
            client.send(["type": "watch", "room": .string(room.description)])
        default: play(player)
        }
    }

    private func play(_ player: SimulatedPlayer) {
        guard player.client.isConnected else { return }
        player.resend()
        guard let place = player.client.places[room], place.over == nil, let seat = place.seat,
            let state = world.rooms[room]?.state, state.waiting?.seats.contains(seat) ?? false,
            let action = SimulatedPlayer.legalAction(state.match, seat, using: &random)
        else { return }
        player.command(room, [.init("type", "act"), .init("action", action)])
    }

    private func crash() {
        world.crash()
        for player in players { player.connectionLost() }
    }

    /// A room as it is: what is stored, and what is not.
    struct End: Equatable {
        let stored: String
        let timers: RunningTimers
        let attendance: Attendance
        let closesAt: MonotonicTime?
        let rev: Int
    }

    /// The room, woken if it sleeps; nil when it is closed.
    func end() throws -> End? {
        world.rooms.find(room) { _ in }
        world.pump()
        defer { world.end() }
        return try world.rooms[room].map { room in
            End(
                stored: String(decoding: try room.state.snapshot().payload, as: UTF8.self), timers: room.timers,
                attendance: room.attendance, closesAt: room.closesAt, rev: room.rev)
        }
    }
}
