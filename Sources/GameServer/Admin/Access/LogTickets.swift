import WebSocket

/// One-time keys to the log's tail, for pages: a browser's WebSocket cannot send a token, and a token in an address ends
/// up in logs.
struct LogTickets {
    static let maxTickets = 64
    static let seconds = 30

    private struct Ticket {
        let requester: Requester
        let expires: MonotonicTime
    }

    /// By digest, so that looking one up tells nothing of the others.
    private var tickets: [Digest: Ticket] = [:]

    /// - Returns: nil while too many have not been used.
    mutating func issue(to requester: Requester, at now: MonotonicTime) -> String? {
        tickets = tickets.filter { $0.value.expires > now }
        guard tickets.count < Self.maxTickets else { return nil }
        let ticket = CorrelationID.fresh()
        tickets[Self.key(ticket)] = Ticket(requester: requester, expires: now + .seconds(Self.seconds))
        return ticket
    }

    /// Who it was given to; it opens nothing again.
    mutating func redeem(_ ticket: String, at now: MonotonicTime) -> Requester? {
        guard let found = tickets.removeValue(forKey: Self.key(ticket)), found.expires > now else { return nil }
        return found.requester
    }

    private static func key(_ ticket: String) -> Digest { Digest(of: Array(ticket.utf8)) }
}
