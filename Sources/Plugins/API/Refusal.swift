/// A "no" that the player gets to read. Nothing has happened when one is thrown.
///
/// - Source: docs/PROTOCOL.md, "Refusals".
public struct Refusal: Error, Hashable, Sendable {
    /// Stable name, part of the wire.
    public let code: String
    /// One sentence for the player: what, value, limit. Never a secret.
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    public static func badRequest(_ message: String) -> Refusal { Refusal(code: "bad_request", message: message) }
    public static func notYourTurn(_ message: String = "it is not your turn") -> Refusal {
        Refusal(code: "not_your_turn", message: message)
    }
    public static func wrongPhase(_ message: String) -> Refusal { Refusal(code: "wrong_phase", message: message) }
    public static func refused(_ message: String) -> Refusal { Refusal(code: "refused", message: message) }
    public static func `internal`(_ message: String) -> Refusal { Refusal(code: "internal", message: message) }
}

extension Game {
    /// A refusal of the game's own: `rule("wrong_count", …)` of Liap Tui reads `liap-tui/wrong_count` on the wire.
    public static func rule(_ name: String, _ message: String) -> Refusal {
        Refusal(code: "\(manifest.id)/\(name)", message: message)
    }
}
