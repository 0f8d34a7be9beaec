import Observability
import PluginAPI

/// One line for every connection that was, and for everybody who was not let in.
final class AccessLog: Middleware {
    let name = "access_log"
    let interests: MiddlewareHooks = .close

    private let log: LogRing

    init(_ kit: MiddlewareKit) { log = kit.log }

    func close(_ fact: Departure) {
        log.log(
            .info, .access, "connection_closed", "closed with \(fact.code)",
            [
                "code": .integer(Int(fact.code)), "clean": .boolean(fact.isClean), "greeted": .boolean(fact.greeted),
                "lasted_ms": .duration(fact.lasted.duration),
                "messages_in": .integer(fact.messagesIn), "messages_out": .integer(fact.messagesOut),
                "bytes_in": .integer(fact.bytesIn), "bytes_out": .integer(fact.bytesOut),
            ], in: LogContext(connectionID: fact.client.id))
    }
}
