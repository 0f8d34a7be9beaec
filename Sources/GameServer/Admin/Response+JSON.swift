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
}
