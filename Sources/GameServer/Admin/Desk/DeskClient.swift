import WebSocket

/// An answer of the desk on its way back to the loop that asked.
struct DeskReply: Sendable {
    var number: UInt64
    var response: Response
}

/// A loop's side of the desk: questions go out with a number, answers come back through the loop's mailbox and find who
/// asked. Nothing loop-confined crosses a thread.
final class DeskClient {
    /// Most questions of one loop on their way. Above it they are refused.
    static let maxQuestions = 256

    private let desk: any Desk
    private let post: @Sendable (DeskReply) -> Void
    private var asked: UInt64 = 0
    private var waiting: [UInt64: (Response) -> Void] = [:]

    /// - Parameter post: carries a reply to the loop, which hands it to `deliver`.
    init(_ desk: any Desk, post: @escaping @Sendable (DeskReply) -> Void) {
        self.desk = desk
        self.post = post
    }

    func ask(_ question: DeskQuestion, then: @escaping (Response) -> Void) {
        guard waiting.count < Self.maxQuestions else {
            return then(.problem(.overloaded("\(Self.maxQuestions) questions are waiting"), id: question.requestID))
        }
        asked += 1
        let number = asked
        waiting[number] = then
        desk.answer(question) { [post] in post(DeskReply(number: number, response: $0)) }
    }

    /// Hands an answer to whoever asked; on the loop.
    func deliver(_ reply: DeskReply) {
        waiting.removeValue(forKey: reply.number)?(reply.response)
    }
}
