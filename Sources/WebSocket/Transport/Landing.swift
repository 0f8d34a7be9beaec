import CLinux

/// Where WebSocket connections of other loops come to: any thread may hold it.
///
/// A connection's handler lives on one loop. What crosses is a ticket, a value from which the next loop makes a handler
/// that goes on where the other stopped.
public final class Landing<Ticket: Sendable>: Sendable {
    struct Arrival: Sendable {
        let ticket: Ticket
        let luggage: Luggage
    }

    private let mailbox: Mailbox<Arrival>

    init(_ mailbox: Mailbox<Arrival>) { self.mailbox = mailbox }

    /// - Returns: false when the loop has ended or is full; the connection is closed then.
    func take(_ luggage: Luggage, _ ticket: Ticket) -> Bool {
        mailbox.post(Arrival(ticket: ticket, luggage: luggage)) == .delivered
    }
}

/// Where connections come to that a listener of another loop accepted: any thread may hold it.
public final class Door: Sendable {
    struct Newcomer: Sendable {
        let passage: Passage
        let tls: TLSServerContext?
        /// A proxy says first whose connection it is.
        let isIntroduced: Bool
        let acceptedAt: MonotonicTime
    }

    private let mailbox: Mailbox<Newcomer>

    init(_ mailbox: Mailbox<Newcomer>) { self.mailbox = mailbox }

    /// Closes the connection when the loop has ended.
    func admit(_ newcomer: Newcomer) {
        mailbox.post(newcomer)
    }
}

extension EventLoop {
    /// A place for connections that other loops hand to this one with `Connection.move` or `Exchange.upgrade`.
    ///
    /// - Parameter receive: makes the handler of a connection from the ticket it brought; the handler is told `opened`
    ///   then, before anything of what the connection received.
    /// - Throws: when the kernel gives no descriptor.
    public func makeLanding<Ticket: Sendable>(
        _ receive: @escaping (Ticket) -> any ConnectionHandler
    ) throws(SystemError) -> Landing<Ticket> {
        let shared = shared
        return Landing(
            try makeMailbox(capacity: limits.maxConnections) { (arrival: Landing<Ticket>.Arrival) in
                Connection(arrival.luggage, shared: shared, handler: receive(arrival.ticket)).arrive(arrival.luggage)
            })
    }

    /// A place for connections that a listener of another loop hands to this one.
    ///
    /// - Throws: when the kernel gives no descriptor.
    public func makeDoor(handler: any RequestHandler) throws(SystemError) -> Door {
        let shared = shared
        return Door(
            try makeMailbox(capacity: limits.maxConnections) { (newcomer: Door.Newcomer) in
                shared.pointee.counters.takenOver += 1
                let reception = Reception(shared: shared, handler: handler, tls: newcomer.tls)
                _ = reception.begin(
                    newcomer.passage, isIntroduced: newcomer.isIntroduced, acceptedAt: newcomer.acceptedAt)
            })
    }
}
