@testable import GameServer
import Observability
import PluginAPI
import TestSupport
import Testing
import WebSocket

@Suite("What middleware is made from") struct MiddlewareKitTests {
    private final class Quiet: Middleware {
        let name = "quiet"
        let interests: MiddlewareHooks = []
    }

    @Test func `a plugin that is made anew keeps its position, and shares it with nobody`() {
        let kit = MiddlewareKit(
            configuration: Configuration(), metrics: .forTests(), log: Logger.discarding().makeRing(), writer: nil,
            board: LoopBoard { _ in }, admission: Admission(luck: .system), domain: nil,
            now: { MonotonicTime(nanoseconds: 0) })
        let positions = Journal<Int>()
        let plugin = MiddlewarePlugin("quiet") { services in
            positions.add(services.position)
            return Quiet()
        }
        for place in [0, 1, 0, 0, 1] { _ = kit.make(plugin, place: place) }
        #expect(positions.takeAll() == [0, 1, 0, 0, 1])
        #expect(kit.nextPosition() == 2)
    }
}
