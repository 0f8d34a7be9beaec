import PluginAPI
import WebSocket

/// Lets in who may ask, with what they may ask: rate, token, role, body, parameters, in this order. Lives on the loop.
final class Gate {
    private let tokens: AdminTokens
    private let metricsArePublic: Bool
    private let timeline: any Timeline
    private let ledger: AccessLedger
    private let shared: SharedAccess

    init(
        _ tokens: AdminTokens, shared: SharedAccess, configuration: Configuration, timeline: any Timeline,
        ledger: AccessLedger
    ) {
        self.tokens = tokens
        metricsArePublic = configuration.metrics.isPublic
        self.timeline = timeline
        self.ledger = ledger
        self.shared = shared
    }

    /// What the limits have done.
    var statistics: RequestLimits.Statistics {
        shared.limits { limits in
            var statistics = limits.statistics
            statistics.callers = limits.callers
            return statistics
        }
    }

    /// - Parameter ticket: what opens a route instead of a token, if anything.
    /// - Returns: whether the inquiry may go on; if not, it has been answered.
    func admits(_ inquiry: Inquiry, _ route: Route, captured: [String], ticket: (String) -> Requester?) -> Bool {
        if lets(inquiry, route, captured: captured, ticket: ticket) { return true }
        noteRefusal(of: inquiry, route, captured: captured)
        return false
    }

    /// What an operator tried to change belongs into the audit trail, but for what came too fast to be looked at, or
    /// too often to be of use: that could fill it.
    private func noteRefusal(of inquiry: Inquiry, _ route: Route, captured: [String]) {
        guard route.isMutating, inquiry.rate?.isAccepted == true, let requester = inquiry.requester,
            let status = inquiry.status, admitsNote(of: requester)
        else { return }
        ledger.refusedChange(
            OperatorAction(
                refused: route.endpoint, of: captured.first, with: status, by: requester, at: timeline.wallClock,
                requestID: inquiry.id))
    }

    private func admitsNote(of requester: Requester) -> Bool {
        let now = timeline.now
        return shared.limits { $0.admitsNote(of: requester, at: now) }
    }

    private func lets(
        _ inquiry: Inquiry, _ route: Route, captured: [String], ticket: (String) -> Requester?
    ) -> Bool {
        let least = route.access.least(metricsArePublic: metricsArePublic)
        if least != nil {
            guard identifies(inquiry, route, ticket: ticket) else { return false }
        } else if route.isLimited, !counts(inquiry) {
            return false
        }
        if let least {
            guard let requester = inquiry.requester else {
                ledger.denied(inquiry.record())
                inquiry.refuse(
                    401, "unauthorized", "this path needs a token of the role \(least.rawValue) as a bearer token",
                    [("WWW-Authenticate", "Bearer realm=\"gameserver\"")])
                return false
            }
            guard requester.role >= least else {
                ledger.denied(inquiry.record())
                inquiry.refuse(
                    403, "forbidden",
                    "this path needs the role \(least.rawValue), the token's is \(requester.role.rawValue)")
                return false
            }
        }
        return reads(inquiry, route, captured: captured)
    }

    /// Counts a request that means no route.
    func admitsStray(_ inquiry: Inquiry) -> Bool { counts(inquiry) }

    // MARK: Who

    private func identifies(_ inquiry: Inquiry, _ route: Route, ticket: (String) -> Requester?) -> Bool {
        let now = timeline.now
        let network = ClientAddresses.network(of: inquiry.address)
        var verdict = AdminTokens.Verdict.absent
        let given = route.endpoint == .logTail ? inquiry.request.query.first { $0.name == "ticket" }?.value : nil
        if given != nil || inquiry.request.headers["Authorization"] != nil {
            if let lockout = shared.limits({ $0.lockout(of: network, at: now) }) {
                inquiry.rate = lockout
                refuseLimited(inquiry, "too many wrong tokens")
                return false
            }
            verdict = given.map { ticket($0).map { .known($0) } ?? .wrong } ?? tokens.verdict(on: inquiry.request)
            if verdict == .wrong { shared.limits { $0.failed(network, at: now) } }
        }
        if case .known(let requester) = verdict { inquiry.requester = requester }
        ledger.authenticated(verdict, inquiry.record())
        return counts(inquiry)
    }

    private func counts(_ inquiry: Inquiry) -> Bool {
        let (requester, network, label) = (
            inquiry.requester, ClientAddresses.network(of: inquiry.address), inquiry.label
        )
        let now = timeline.now
        let verdict = shared.limits { $0.take(requester, address: network, route: label, at: now) }
        inquiry.rate = verdict
        if !verdict.isAccepted { refuseLimited(inquiry, "too many requests") }
        return verdict.isAccepted
    }

    private func refuseLimited(_ inquiry: Inquiry, _ what: String) {
        ledger.limited(inquiry.record())
        let seconds = inquiry.rate?.retryAfterSeconds ?? 1
        inquiry.refuse(429, "rate_limited", "\(what): come back in \(seconds) s")
    }

    // MARK: What

    private func reads(_ inquiry: Inquiry, _ route: Route, captured: [String]) -> Bool {
        do throws(Rejection) {
            inquiry.arguments = try RouteArguments(route, captured: captured, query: inquiry.request.query)
        } catch {
            inquiry.refuse(error)
            return false
        }
        guard let wanted = route.body else { return true }
        if inquiry.request.body.isEmpty {
            if wanted.isRequired { inquiry.refuse(400, "bad_request", "the body is missing: a JSON object") }
            return !wanted.isRequired
        }
        let type = inquiry.request.headers["Content-Type"]?.split(separator: ";").first ?? ""
        guard type.filter({ $0 != " " }).lowercased() == "application/json" else {
            inquiry.refuse(415, "unsupported_media_type", "the body has to be application/json")
            return false
        }
        // What cannot be parsed is the client's mistake, and it is told.
        guard let body = try? JSON(parsing: inquiry.request.body), body.members != nil else {
            inquiry.refuse(400, "bad_request", "the body is no JSON object")
            return false
        }
        inquiry.body = body
        return true
    }
}
