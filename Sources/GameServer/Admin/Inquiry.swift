import PluginAPI
import WebSocket

/// One request on its way to its one answer, with what is known about who asks. Lives on the loop.
final class Inquiry {
    let request: Request
    let exchange: Exchange
    let id: String
    let address: String
    /// For metrics and log lines.
    var label = AdminRoutes.otherLabel
    var requester: Requester?
    var arguments = RouteArguments()
    var body: JSON?
    /// What the caller is told of its rate.
    var rate: RequestRate.Verdict?
    /// Of the answer, once there is one.
    private(set) var status: Int?
    /// Called when it is answered.
    var onAnswer: () -> Void = {}
    private let began: MonotonicTime
    private let timeline: any Timeline
    private let ledger: AccessLedger

    init(_ request: Request, _ exchange: Exchange, address: String, timeline: any Timeline, ledger: AccessLedger) {
        self.request = request
        self.exchange = exchange
        self.address = address
        self.timeline = timeline
        self.ledger = ledger
        id = CorrelationID.of(request)
        began = timeline.now
        ledger.began()
    }

    func refuse(_ status: Int, _ code: String, _ message: String, _ headers: [(String, String)] = []) {
        answer(.problem(status, code, message, headers, id: id))
    }

    func refuse(_ rejection: Rejection) { answer(.problem(rejection, id: id)) }

    /// Nothing happens when it was answered before.
    func answer(_ response: Response) {
        guard status == nil else { return }
        var response = response
        if !response.headers.contains(where: { $0.0 == "X-Request-Id" }) {
            response.headers.append(("X-Request-Id", id))
        }
        if let rate { response.headers += Self.fields(of: rate) }
        exchange.respond(response)
        ended(status: response.status, bytes: response.body.count)
    }

    /// Notes what the engine made of a request for a WebSocket.
    func noteUpgrade(granted: Bool) { ended(status: granted ? 101 : 400, bytes: 0) }

    func record(status: Int = 0, bytes: Int = 0) -> AccessRecord {
        AccessRecord(
            method: Self.known(request.method), route: label, status: status, bytes: bytes,
            took: timeline.now - began, requestID: id, requester: requester, address: address)
    }

    private func ended(status: Int, bytes: Int) {
        self.status = status
        ledger.ended(record(status: status, bytes: bytes))
        onAnswer()
    }

    /// A method is a client's own word, and labels are a closed set.
    private static func known(_ method: String) -> String {
        ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].contains(method) ? method : "other"
    }

    private static func fields(of rate: RequestRate.Verdict) -> [(String, String)] {
        let fields = [
            ("X-RateLimit-Limit", "\(rate.limit)"), ("X-RateLimit-Remaining", "\(rate.remaining)"),
            ("X-RateLimit-Reset", "\(rate.resetSeconds)"), ("X-RateLimit-Window", "\(rate.windowSeconds)"),
        ]
        return rate.isAccepted ? fields : fields + [("Retry-After", "\(rate.retryAfterSeconds)")]
    }
}
