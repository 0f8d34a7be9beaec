import Observability
import WebSocket

/// What every loop needs to answer operators: who they are, who knows what they ask, and what any thread may read.
struct Operators: Sendable {
    var tokens: AdminTokens
    /// How requests are told apart that come through proxies.
    var addresses: ClientAddresses
    var desk: any Desk
    var sources: any OperatorSources
    var board: StatusBoard
    var access: SharedAccess
}

extension AdminSurface {
    /// A surface whose answers from other threads come in through mailboxes of this loop.
    static func on(
        _ loop: EventLoop, residents: Residents, operators: Operators, ledger: AccessLedger
    ) throws(SystemError) -> AdminSurface {
        let ports = Ports()
        let replies: Mailbox<DeskReply> = try loop.makeMailbox(capacity: DeskClient.maxQuestions) {
            ports.desk?.deliver($0)
        }
        let desk = DeskClient(operators.desk) { reply in
            // Never more than were asked; one that comes after the loop has ended is nobody's any more.
            let posted = replies.post(reply)
            precondition(posted != .full, "the desk's answers fit the mailbox")
        }
        let lines: Mailbox<TailEndpoint.Parcel> = try loop.makeMailbox(capacity: TailEndpoint.maxWaiting) {
            ports.tails?.deliver($0)
        }
        let tails = TailEndpoint(
            operators.sources, shared: operators.access, heartbeat: residents.services.configuration.heartbeat,
            timeline: residents.services.timeline
        ) { lines.post($0) == .delivered }
        ports.desk = desk
        ports.tails = tails
        return AdminSurface(
            residents, tokens: operators.tokens, access: operators.access, addresses: operators.addresses, desk: desk,
            tails: tails, board: operators.board, ledger: ledger)
    }

    /// Breaks the circle of a mailbox that needs its receiver and a receiver that needs the mailbox.
    private final class Ports {
        var desk: DeskClient?
        var tails: TailEndpoint?
    }
}
