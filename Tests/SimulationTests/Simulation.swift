import Foundation
@testable import GameServer
import LiapTui
import PluginAPI
import TicTacToe
import WebSocket

@testable import TestSupport

/// A seeded run of a whole server: players, their bad networks, a store in trouble, crashes; judged after every step.
final class Simulation {
    /// A table of the run: opened by one player, joined by others, opened anew when its game is over.
    struct Table {
        let game: String
        let players: [Int]
        var secret: String
        var room: RoomID?
        var gamesFinished = 0
    }

    /// Prints every line, to follow what led to a fault.
    static let isTold = ProcessInfo.processInfo.environment["SIMULATION_LINES"] != nil

    let seed: UInt64
    let world: World
    let oracle: Oracle
    var players: [SimulatedPlayer] = []
    var tables: [Table] = []
    var random: GameRandom
    var faultsAreOn = true
    private(set) var steps = 0
    var crashes = 0
    /// Rooms put to sleep early; others fall asleep by themselves.
    var sleeps = 0

    init(seed: UInt64) {
        self.seed = seed
        random = GameRandom(seed: seed)
        var configuration = Configuration()
        configuration.rooms.retentionEvents = 40
        configuration.rooms.snapshotEveryRecords = 16
        configuration.rooms.pauseAfterMs = 600
        configuration.rooms.sleepAfterMs = 1200
        configuration.limits.queueCommands = 4
        configuration.slow.laggingBytes = 4096
        world = World(
            seed: seed, games: [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)],
            configuration: configuration)
        oracle = Oracle(world)
        let count = Int.random(in: 4...6, using: &random)
        players = (0..<count).map { SimulatedPlayer(world.client("player \($0)")) }
        for player in players { player.client.keepsMessages = false }
        tables = [
            Table(game: "liap-tui", players: [0, 1, 2], secret: players[0].client.freshSecret()),
            Table(game: "tic-tac-toe", players: [3, 1], secret: players[3].client.freshSecret()),
            Table(
                game: "liap-tui", players: Array([2, 3, 0, 1].prefix(count - 2)),
                secret: players[2].client.freshSecret()),
        ]
        world.onLine = { [unowned self] client, outlet, line, json in
            if Self.isTold { print(steps, client.name, String(decoding: line.prefix(200), as: UTF8.self)) }
            oracle.judge(client, outlet, line, json)
            guard client.outlet === outlet, let player = players.first(where: { $0.client === client }) else { return }
            if let fault = player.hear(json) { oracle.complain("\(client.name): \(fault)") }
        }
    }

    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: Running

    func run(steps count: Int) {
        while steps < count, isSound {
            steps += 1
            let index = Int.random(in: players.indices, using: &random)
            move(players[index])
            if faultsAreOn { disturb() }
            world.advance(by: .milliseconds(Int.random(in: 0...250, using: &random)))
            check()
        }
    }

    /// From here on nothing fails: everybody is back and every game comes to its end.
    func finish() {
        calm()
        var rounds = 0
        while isSound, !tables.allSatisfy({ isOver($0) }), rounds < 3_000 {
            rounds += 1
            for player in players { move(player) }
            world.advance(by: .milliseconds(300))
            if rounds.isMultiple(of: 20) { check() }
        }
        for table in tables where isSound && !isOver(table) {
            let state = table.room.flatMap { oracle.state(of: $0) }
            let status = state.map { "\($0.status)" } ?? "not opened"
            oracle.complain("\(table.game) \(table.room.map(\.description) ?? "-") does not end: \(status)")
        }
        world.advance(by: .seconds(1))
        check()
        for player in players where player.unanswered > 0 && player.client.isConnected {
            oracle.complain("\(player.client.name) waits for \(player.unanswered) answers")
        }
    }

    private func isOver(_ table: Table) -> Bool {
        guard let room = table.room else { return false }
        // Nobody may be left to be told.
        oracle.read(room)
        guard let state = oracle.state(of: room) else { return false }
        return state.status == .finished || state.status == .closed
    }

    // MARK: Judging

    var isSound: Bool { oracle.faults.isEmpty }

    private func check() {
        for table in tables {
            guard let id = table.room, let room = world.rooms[id] else { continue }
            if steps.isMultiple(of: 8) || !faultsAreOn { oracle.compare(room) }
            let ceiling = world.configuration.limits.queueCommands * (1 + Room.arrivalsPerCommand)
            if room.waitingRequests > ceiling {
                oracle.complain("\(room.waitingRequests) requests wait for \(id)")
            }
        }
        for player in players {
            for violation in player.client.violations { oracle.complain("\(player.client.name): \(violation)") }
            for outlet in player.client.outlets where outlet.mostUnsentBytes > 64 * 1024 {
                oracle.complain("\(outlet.mostUnsentBytes) bytes wait for \(player.client.name)")
            }
        }
        for fault in world.facts.faults { oracle.complain("room fault: \(fault)") }
    }
}
