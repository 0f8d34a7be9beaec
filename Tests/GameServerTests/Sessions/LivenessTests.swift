@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Liveness") struct LivenessTests {
    @Test func `a ping after 15 s of silence, and 4004 when 10 s after it nothing has come`() {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.answersPings = false
        ana.hello()
        _ = ana.take()
        world.advance(by: .milliseconds(14_999))
        #expect(ana.take().isEmpty)
        world.advance(by: .milliseconds(1))
        #expect(ana.take().types == ["ping"])
        world.advance(by: .milliseconds(9_999))
        #expect(ana.isConnected)
        world.advance(by: .milliseconds(1))
        #expect(ana.lastClose?.rawValue == 4004)
        #expect(ana.take().first?.int("code") == 4004)
    }

    @Test func `any traffic counts as life`() {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.answersPings = false
        ana.hello()
        for _ in 0..<10 {
            world.advance(by: .seconds(14))
            #expect(ana.ask(["type": "ping", "t": "x"]).types == ["pong"])
        }
        world.advance(by: .seconds(16))
        #expect(ana.take().types == ["ping"])
        ana.send(["type": "pong"])
        world.advance(by: .seconds(11))
        #expect(ana.isConnected)
    }

    @Test func `a seat the room waits for is asked after 5 s`() throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        for client in [mover, other] {
            client.answersPings = false
            client.send(["type": "pong"])
            _ = client.take()
        }
        table.world.advance(by: .milliseconds(5_001))
        #expect(mover.take().types == ["ping"])
        #expect(other.take().isEmpty)
        table.world.advance(by: .seconds(10))
        #expect(mover.lastClose?.rawValue == 4004)
        #expect(other.isConnected)
    }

    @Test func `a seat that becomes the one waited for is asked sooner from then on`() throws {
        let table = try Table.playing()
        let other = table.other
        other.answersPings = false
        other.send(["type": "pong"])
        table.world.advance(by: .seconds(4))
        table.mark(0)
        _ = other.take()
        table.world.advance(by: .milliseconds(1_001))
        #expect(other.take().types == ["ping"])
    }
}
