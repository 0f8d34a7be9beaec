import Observability
import PluginAPI

/// The middleware of all loops, as operators are shown it.
struct MiddlewareChain {
    private let loops: [LoopBoard.Reading]

    init(_ loops: [LoopBoard.Reading]) { self.loops = loops }

    /// In order; set aside is what any loop has set aside.
    func write(to json: inout JSONText) {
        let setAside = Set(loops.flatMap { $0.middleware.filter(\.isSetAside).map(\.name) })
        json.array("middleware") { json in
            for middleware in loops.first?.middleware ?? [] {
                json.open("{")
                json.member("name", middleware.name)
                json.array("hooks") { json in
                    for named in MiddlewareHooks.named where middleware.hooks.contains(named.hook) {
                        json.element(named.name)
                    }
                }
                json.member("set_aside", setAside.contains(middleware.name))
                json.close("}")
            }
        }
    }
}
