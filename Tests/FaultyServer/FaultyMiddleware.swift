import PluginAPI

/// Stands in the way of every message and record, and does as it was told: nothing, throw, or take its time.
final class FaultyMiddleware: Middleware {
    struct Broken: Error {}

    static let messages = PluginMetric.counter(
        0, "messages_total", "Messages it saw, by their type.", label: "message", values: ["act", "host"])

    static let plugin = MiddlewarePlugin("faulty_middleware", metrics: [messages]) { FaultyMiddleware($0) }

    let name = "faulty_middleware"
    let interests: MiddlewareHooks = [.receive, .commit, .deliver, .close]

    private let services: MiddlewareServices

    init(_ services: MiddlewareServices) { self.services = services }

    func receive(_ message: InboundMessage) throws -> ReceiveVerdict {
        // A client's own words: what is not declared counts as `_other`.
        services.count(Self.messages, message.type)
        try meddle()
        return .pass
    }

    func commit(_ fact: Commit) throws { try meddle() }
    func deliver(_ fact: Delivery) throws { try meddle() }
    func close(_ fact: Departure) throws { try meddle() }

    private func meddle() throws {
        switch Mischief.current.manner {
        case .none: break
        case .fail: throw Broken()
        case .slow(let span):
            let until = ContinuousClock.now + span
            while ContinuousClock.now < until {}
        }
    }
}
