@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Compression: what may be compressed") struct CompressibleTests {
    /// Everything that may be compressed on its way to these people, line by line.
    private final class Book {
        private(set) var messages: [String] = []

        func follow(_ people: [TestClient]) {
            for person in people {
                person.compressible = { [unowned self] in messages.append(String(decoding: $0, as: UTF8.self)) }
            }
        }

        func holds(_ text: String) -> Bool { messages.contains { $0.contains(text) } }
    }

    @Test func `nothing that is somebody's own: no secret, no hand, no view of a seat`() throws {
        let world = Table.world()
        let people = ["Ana", "Ben", "Cho", "Dee"].map { world.client($0) }
        let watcher = world.client("Eve")
        let book = Book()
        book.follow(people + [watcher])
        for person in people + [watcher] { person.hello() }
        let secrets = people.map { _ in people[0].freshSecret() }
        let room = try people[0].create("liap-tui", secret: secrets[0])
        for (person, secret) in zip(people, secrets).dropFirst() { person.join(room, secret: secret) }
        watcher.watch(room)
        people[0].host(room, "start")
        for person in people + [watcher] { person.ask(["type": "resync", "room": .string(room.description)]) }
        people[1].cut()
        let returned = people[1].hello()
        #expect(returned.first("joined")?["secret"]?.string == secrets[1])
        for person in people { _ = person.ask(["type": "list"]) }

        let lines = book.messages.flatMap { $0.split(separator: "\n") }
        let types = Set(try lines.map { try JSON(parsing: Array($0.utf8), maxDepth: 32)["type"]?.string ?? "" })
        #expect(types.isSuperset(of: ["room", "rooms", "snapshot"]))
        #expect(types.isDisjoint(with: ["welcome", "joined"]))
        for secret in secrets { #expect(!book.holds(secret)) }
        #expect(!book.holds("secret"))
        // Only a seat's own events and views name pieces before they are played.
        #expect(!book.holds("SOLDIER") && !book.holds("\"hand\":["))
        #expect(people[0].messages.joined().contains { $0.type == "events" })
        world.end()
    }

    @Test func `what everybody is told: moves in the open, chat, the lobby`() throws {
        let table = try Table()
        let book = Book()
        book.follow([table.ana, table.ben])
        table.ana.host(table.room, "start")
        table.mark(4)
        table.ana.send(["type": "chat", "room": .string(table.room.description), "text": "well played"])
        #expect(book.holds("\"marked\"") && book.holds("well played"))
    }

    @Test func `the game's wire keeps no context and passes on the rest of the settings`() throws {
        var configuration = Configuration.Compression()
        #expect(CompressionPolicy(configuration) == nil)
        configuration.isEnabled = true
        configuration.minBytes = 7
        configuration.level = 9
        configuration.memoryLevel = 3
        configuration.windowBits = 10
        let policy = try #require(CompressionPolicy(configuration))
        #expect(!policy.keepsContext && !policy.peerKeepsContext)
        #expect([policy.minBytes, policy.level, policy.memoryLevel, policy.windowBits] == [7, 9, 3, 10])
    }
}
