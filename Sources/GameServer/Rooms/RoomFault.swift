import PluginAPI

/// Why a room could not do what it had to, for operators.
struct RoomFault: Hashable, Sendable {
    var kind: Stall.Fault
    /// One sentence; it goes to the log and to middleware, never to a client.
    var sentence: String

    init(_ kind: Stall.Fault, _ sentence: String) {
        self.kind = kind
        self.sentence = sentence
    }

    /// What a refusal means that the room's own business met with.
    ///
    /// - Parameter what: what was refused.
    init(_ what: String, refused rejection: Rejection) {
        let cause = rejection.fault ?? RoomFault(.exception, rejection.refusal.message)
        self.init(cause.kind, "\(what) was refused: \(cause.sentence)")
    }
}
