@testable import GameServer
import Observability
import PluginAPI
import Testing

@Suite("The middleware as operators are shown it") struct MiddlewareChainTests {
    @Test func `in order, with its hooks, and set aside where any loop has set it aside`() {
        var one = LoopBoard.Reading()
        one.middleware = [("guard", [.accept, .receive], false), ("watcher", .close, false)]
        var other = one
        other.middleware[1].isSetAside = true
        var json = JSONText()
        json.open("{")
        MiddlewareChain([one, other]).write(to: &json)
        json.close("}")
        #expect(
            json.text == #"{"middleware":[{"name":"guard","hooks":["accept","receive"],"set_aside":false},"#
                + #"{"name":"watcher","hooks":["close"],"set_aside":true}]}"#)
    }
}
