import PluginAPI
import WebSocket

// A session on a loop that is not its connection's: it has the client's rooms of this loop and speaks through its home.
// Limits, liveness and the connection itself are watched over there.

/// What a session orders its guest on another loop to do.
enum GuestOrder: Sendable {
    /// A client's line about a room of that loop; the guards have let it in.
    case line([UInt8])
    /// One entry of `hello.resume`.
    case resume(JSON)
    /// The reader is slow: nothing more is queued for it.
    case fallBehind
    /// The reader has caught up.
    case catchUp
    /// Since when the peer owes a sign of life; nil when it gave one.
    case asked(MonotonicTime?)
    /// Look anew whether a room waits for the client.
    case look
    /// The connection is over.
    case end
}

extension Session {
    func obey(_ order: GuestOrder) {
        switch order {
        case .line(let line): receive(forwarded: line)
        case .resume(let entry): resume(entry: MessageFields(entry))
        case .fallBehind: fallBehind()
        case .catchUp: drained()
        case .asked(let instant): link?.askedAt = instant
        case .look: watchOver()
        case .end: guestEnded()
        }
    }

    private func guestEnded() {
        end()
        for member in places.giveUpAll() { member.room.disconnected(member) }
        sessions.removeGuest(self)
    }

    private func receive(forwarded line: [UInt8]) {
        guard isOpen else { return }
        let fields: MessageFields
        do { fields = MessageFields(try JSON(parsing: line, maxDepth: ClientMessage.maxDepth)) } catch {
            // The home has read it already.
            return
        }
        do { try handle(try ClientMessage(fields)) } catch {
            let echo = fields.echo
            // The home keeps a place for whoever asks to come in, and for nobody else.
            switch fields["type"]?.string {
            case "join", "watch": if let room = echo.room { link?.tell(.refused(room)) }
            case "create":
                if let secret = fields["secret"]?.string.flatMap({ SeatSecret($0) }) {
                    link?.tell(.createsNone(secret.digest))
                }
            default: break
            }
            refuse(error, room: echo.room, n: echo.n, id: echo.id)
        }
    }
}
