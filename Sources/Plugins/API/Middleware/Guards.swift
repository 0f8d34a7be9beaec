/// One connection as middleware knows it, from the first knock to the close.
public final class Client {
    /// Unique while the process lives.
    public let id: UInt64
    /// Address of the other end, without its port; the one a trusted proxy names when there is one, and of IPv6 the
    /// network of 64 bits, because a single customer has all of it.
    public let address: String
    /// What the client calls itself in `hello`; a peer's own words.
    public internal(set) var software = ""
    private var notes = Notes.none

    /// What middlewares keep, each at its position in the chain. There are as many of these as connections, and seldom
    /// more than one keeps something.
    private enum Notes {
        case none
        case one(AnyObject, position: Int32)
        case many([(position: Int, note: AnyObject)])

        subscript(position: Int) -> AnyObject? {
            switch self {
            case .none: nil
            case .one(let note, let its): its == position ? note : nil
            case .many(let all): all.first { $0.position == position }?.note
            }
        }

        mutating func keep(_ note: AnyObject, at position: Int) {
            switch self {
            case .one(let other, let its) where its != position:
                self = .many([(Int(its), other), (position, note)])
            case .none, .one: self = .one(note, position: Int32(position))
            case .many(let all):
                self = .many(all.filter { $0.position != position } + [(position, note)])
            }
        }
    }

    public init(id: UInt64, address: String) {
        self.id = id
        self.address = address
    }

    /// What one middleware keeps about this connection.
    ///
    /// - Parameters:
    ///   - position: the middleware's own, as its services tell it.
    ///   - make: the first one. It refers to nothing but its own: it goes with the connection, to another thread too.
    public func note<Note: AnyObject>(at position: Int, orElse make: () -> sending Note) -> Note {
        if let known = notes[position] as? Note { return known }
        let note = make()
        notes.keep(note, at: position)
        return note
    }

    package func introduced(as software: String) { self.software = software }
}

@available(*, unavailable) extension Client: Sendable {}

/// A request for a WebSocket, before it is granted.
public struct Visit {
    public let client: Client
    /// The room the address names, if it names one; only a hint.
    public let room: RoomID?
    private let headers: (String) -> String?

    public init(client: Client, room: RoomID?, headers: @escaping (String) -> String?) {
        self.client = client
        self.room = room
        self.headers = headers
    }

    /// A header field of the request, whatever the case of its name.
    public func header(_ name: String) -> String? { headers(name) }
}

/// What a guard says to a visit.
public enum AcceptVerdict: Sendable, Equatable {
    case pass
    /// An HTTP error instead of a WebSocket.
    ///
    /// - Parameters:
    ///   - status: 400 to 599.
    ///   - code: stable, snake_case.
    ///   - reason: of the closed set that is counted.
    case refuse(status: Int, code: String, message: String, reason: Reason, retryAfterSeconds: Int? = nil)

    public enum Reason: Sendable, Equatable { case limit, auth, origin, rate, draining, overload, badRequest }
}

/// One message of a client on its way in.
public struct InboundMessage {
    public enum Form: Sendable, Equatable {
        /// One JSON object; it has a type the server may or may not know.
        case object
        /// Not a JSON object.
        case malformed
        /// Longer than `limits.message_bytes`; it was not read.
        case tooLarge
        /// A message of nothing but line ends.
        case empty
    }

    public let client: Client
    public let form: Form
    /// The `type` of an object, as the client wrote it; empty when it has none.
    public let type: String
    public let bytes: Int
    /// The object itself; null when it was not read. It may hold secrets: look at what you came for, keep nothing.
    public let body: JSON
    /// For the answer to a ping of the server: how long it took.
    public let roundTrip: Elapsed?
    /// On a clock that never jumps, since an arbitrary start.
    public let now: Elapsed

    public init(
        client: Client, form: Form, type: String, bytes: Int, body: JSON = .null, roundTrip: Elapsed? = nil,
        now: Elapsed
    ) {
        self.client = client
        self.form = form
        self.type = type
        self.bytes = bytes
        self.body = body
        self.roundTrip = roundTrip
        self.now = now
    }
}

/// What a guard says to a message.
public enum ReceiveVerdict: Sendable, Equatable {
    case pass
    /// The client is told `no`, and nothing else happens.
    ///
    /// - Parameters:
    ///   - retryMs: after how many milliseconds the same may succeed; nil for never.
    ///   - warning: a `notice` besides, for a client that is about to be closed.
    case refuse(Refusal, retryMs: Int? = nil, warning: String? = nil)
    /// The connection ends.
    case close(Reason)

    public enum Reason: Sendable, Equatable {
        /// 4507: too many requests.
        case abuse
        /// 4501: the player's token is not valid.
        case badToken
    }
}
