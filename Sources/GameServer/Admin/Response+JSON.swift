import PluginAPI
import WebSocket

extension Response {
    static func json(_ status: Int, _ body: [UInt8], _ headers: [(String, String)] = []) -> Response {
        let fixed = [
            ("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
        ]
        return Response(status: status, headers: fixed + headers, body: body)
    }

    static func json(_ status: Int, _ body: JSON, _ headers: [(String, String)] = []) -> Response {
        json(status, body.encoded(), headers)
    }

    /// An error as every path answers it: `{"error": {"code", "message", "request_id"}}`.
    static func problem(
        _ status: Int, _ code: String, _ message: String, _ headers: [(String, String)] = []
    ) -> Response {
        let id = requestID()
        let body: JSON = ["error": ["code": .string(code), "message": .string(message), "request_id": .string(id)]]
        return json(status, body, [("X-Request-Id", id)] + headers)
    }

    private static func requestID() -> String {
        let hex = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    /// A refusal of the wire as an HTTP error.
    static func problem(_ rejection: Rejection) -> Response {
        let status =
            switch rejection.refusal.code {
            case "room_not_found": 404
            case "room_gone": 410
            case "store_unavailable", "draining", "overloaded": 503
            case "internal": 500
            default: 400
            }
        return problem(status, rejection.refusal.code, rejection.refusal.message)
    }
}
