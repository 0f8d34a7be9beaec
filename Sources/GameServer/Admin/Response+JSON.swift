import PluginAPI
import WebSocket

extension Response {
    static func json(_ status: Int, _ body: [UInt8], _ headers: [(String, String)] = []) -> Response {
        Response(status: status, headers: fixed("application/json") + headers, body: body)
    }

    static func json(_ status: Int, _ body: JSON, _ headers: [(String, String)] = []) -> Response {
        json(status, body.encoded(), headers)
    }

    static func text(_ status: Int, _ body: String) -> Response {
        Response(status: status, headers: fixed("text/plain; charset=utf-8"), body: Array(body.utf8))
    }

    fileprivate static func fixed(_ type: String) -> [(String, String)] {
        [("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    }

    /// An error as every path answers it: `{"error": {"code", "message", "request_id"}}`.
    ///
    /// - Parameter id: the request's; a new one where nobody knows it.
    static func problem(
        _ status: Int, _ code: String, _ message: String, _ headers: [(String, String)] = [],
        id: String = CorrelationID.fresh()
    ) -> Response {
        let body: JSON = ["error": ["code": .string(code), "message": .string(message), "request_id": .string(id)]]
        return json(status, body, [("X-Request-Id", id)] + headers)
    }

    /// A refusal of the wire as an HTTP error.
    static func problem(_ rejection: Rejection, id: String = CorrelationID.fresh()) -> Response {
        let status =
            switch rejection.refusal.code {
            case "room_not_found": 404
            case "room_gone": 410
            case "store_unavailable", "draining", "overloaded": 503
            case "internal": 500
            default: 400
            }
        let retry = status == 503 ? [("Retry-After", "1")] : []
        return problem(status, rejection.refusal.code, rejection.refusal.message, retry, id: id)
    }

    /// What a source had to say.
    init(_ finding: Finding, id: String) {
        switch finding {
        case .found(let status, let type, let encoding, let body):
            let coding = encoding.map { [("Content-Encoding", $0), ("Vary", "Accept, Accept-Encoding")] } ?? []
            self.init(status: status, headers: Self.fixed(type) + coding, body: body)
        case .notFound(let message): self = .problem(404, "not_found", message, id: id)
        case .refused(let message): self = .problem(409, "refused", message, id: id)
        case .unavailable(let message): self = .problem(503, "unavailable", message, [("Retry-After", "1")], id: id)
        case .absent(let message): self = .problem(501, "not_installed", message, id: id)
        }
    }
}
