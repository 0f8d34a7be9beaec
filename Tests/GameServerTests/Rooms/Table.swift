@testable import GameServer
import LiapTui
import PluginAPI
import TicTacToe

@testable import TestSupport

/// Ana and Ben at a board: Ana opened the room and is host.
struct Table {
    static let games = [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)]

    let world: World
    let ana: TestClient
    let ben: TestClient
    let room: RoomID

    init(
        _ configure: (inout Configuration) -> Void = { _ in }, seated: Bool = true, middleware: [any Middleware] = []
    ) throws {
        world = Self.world(configure, middleware: middleware)
        ana = world.client("Ana")
        ben = world.client("Ben")
        ana.hello()
        ben.hello()
        room = try ana.create("tic-tac-toe")
        if seated { ben.join(room) }
    }

    static func world(
        _ configure: (inout Configuration) -> Void = { _ in }, middleware: [any Middleware] = []
    ) -> World {
        var configuration = Configuration()
        configure(&configuration)
        return World(games: games, configuration: configuration, middleware: middleware)
    }

    static func playing(
        _ configure: (inout Configuration) -> Void = { _ in }, middleware: [any Middleware] = []
    ) throws -> Table {
        let table = try Table(configure, middleware: middleware)
        table.ana.host(table.room, "start")
        return table
    }

    /// The room at work on the server.
    var live: Room? { world.rooms[room] }

    var state: RoomState? { live?.state }

    var board: TicTacToe.State? { (state?.match as? MatchBox<TicTacToe>)?.match.state }

    /// Who is to move.
    var turn: TestClient { state?.waiting?.seats.first == 1 ? ben : ana }
    var other: TestClient { turn === ana ? ben : ana }

    /// Whoever is to move marks a field.
    @discardableResult
    func mark(_ field: Int) -> [JSON] { turn.act(room, Self.mark(field)) }

    static func mark(_ field: Int) -> JSON { ["kind": "mark", "field": JSON(field)] }

    /// Everything the clients noticed.
    var violations: [String] { world.clients.flatMap(\.violations) }
}
