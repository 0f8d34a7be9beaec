@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Design, The log: store trouble says so in health") struct StoreHealthTests {
    private let start = MonotonicTime(nanoseconds: 0)

    private func isTrouble(_ world: World) -> Bool { world.services.storeTrouble.isPresent(at: world.timeline.now) }

    @Test func `a failure counts for 30 seconds, or until something is stored`() {
        let trouble = StoreTrouble()
        #expect(!trouble.isPresent(at: start))
        trouble.failed(at: start)
        #expect(trouble.isPresent(at: start + .seconds(29)))
        #expect(!trouble.isPresent(at: start + .seconds(30)))
        trouble.succeeded()
        #expect(!trouble.isPresent(at: start))
    }

    @Test func `a frozen room counts as long as it is frozen, whatever becomes of others`() {
        let trouble = StoreTrouble()
        trouble.froze(RoomID(raw: 1))
        trouble.succeeded()
        trouble.settled(RoomID(raw: 2))
        #expect(trouble.isPresent(at: start + .seconds(3600)))
        trouble.settled(RoomID(raw: 1))
        #expect(!trouble.isPresent(at: start))
    }

    @Test func `an append that failed is trouble until another is stored`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.unavailable)
        table.mark(0)
        #expect(isTrouble(table.world))
        table.mark(0)
        #expect(!isTrouble(table.world))
    }

    @Test func `an append that failed fades when nobody asks again`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.unavailable)
        table.mark(0)
        table.world.advance(by: .seconds(29))
        #expect(isTrouble(table.world))
        table.world.advance(by: .seconds(1))
        #expect(!isTrouble(table.world))
    }

    @Test func `one frozen room stays trouble while another one's records are stored`() throws {
        let table = try Table.playing()
        let cho = table.world.client("Cho")
        cho.hello()
        let other = try cho.create("tic-tac-toe")
        table.world.memory.fail(.unknownNotWritten)
        table.mark(0)
        #expect(cho.host(other, "add_bot").first("ok") != nil)
        #expect(isTrouble(table.world))
        table.world.advance(by: .milliseconds(250))
        #expect(!isTrouble(table.world))
    }

    @Test func `a frozen room that is fenced is no trouble any more`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.unknownNotWritten, .fenced)
        table.mark(0)
        #expect(isTrouble(table.world))
        table.world.advance(by: .milliseconds(250))
        #expect(table.live == nil)
        #expect(!isTrouble(table.world))
    }

    @Test func `a room that could not be read from the store is trouble too`() throws {
        let table = try Table.playing()
        table.world.crash()
        table.world.memory.setReachable(false)
        table.ana.hello()
        #expect(isTrouble(table.world))
    }
}
