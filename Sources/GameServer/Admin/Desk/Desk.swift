import PluginAPI
import WebSocket

/// Answers operators away from the event loops: what it is given is all it needs from them.
protocol Desk: AnyObject, Sendable {
    /// Takes a question and returns at once. `reply` is called exactly once, on any thread.
    func answer(_ question: DeskQuestion, reply: @escaping @Sendable (Response) -> Void)
}

/// One operator's question with everything about it that a loop had to say.
struct DeskQuestion: Sendable {
    var endpoint: Endpoint
    /// Whether it changes something, as its route says.
    var isMutating: Bool
    var arguments: RouteArguments
    /// Nil where everybody may ask.
    var requester: Requester?
    /// The correlation id of everything that follows from it.
    var requestID: String
    var accept: String?
    var acceptEncoding: String?
    var body: JSON?
    /// When it was asked, by the wall clock.
    var asked: Timestamp
    var material = DeskMaterial.none
}

/// What a loop knew when it was asked. Values only: encoding them is the desk's work.
enum DeskMaterial: Sendable {
    case none
    case loop(LoopFigures)
    /// A page of rooms by id, and whether there are more behind it.
    case rooms([RoomLine], hasMore: Bool)
    case room(RoomPicture)
    /// Every open room, for totals; with the page or the one room that was asked for.
    case survey(RoomSurvey)
}
