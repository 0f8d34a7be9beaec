import Synchronization
import TestSupport
import WebSocket

/// What a test's connection takes along to another loop.
struct Ticket: Sendable, Equatable {
    var moves = 0
}

/// What the handlers of a test with several loops were told, and on which loop.
struct Sighting: Equatable, Sendable {
    var loop: Int
    var told: Told
}

/// Several running loops between which connections move, ended when the test lets go of them.
final class LoopRing {
    /// How the loops reach each other; filled once all of them run.
    final class Map: Sendable {
        private let places = Mutex<[(landing: Landing<Ticket>, door: Door)]>([])

        func landing(_ loop: Int) -> Landing<Ticket> { places.withLock { $0[loop].landing } }
        var doors: [Door] { places.withLock { $0.map(\.door) } }
        fileprivate func add(_ landing: Landing<Ticket>, _ door: Door) {
            places.withLock { $0.append((landing, door)) }
        }
    }

    let map = Map()
    let journal = Journal<Sighting>()
    let doorkeeper: Doorkeeper
    let threads: [LoopThread]

    /// - Parameter makeHandler: of a connection that has come with a ticket, or has just opened.
    init(
        _ count: Int, limits: Limits = Limits(), doorkeeper: Doorkeeper? = nil, tls: TLSServerContext? = nil,
        compression: CompressionPolicy? = nil,
        at address: ListenAddress = ListenAddress(.port(0, host: "127.0.0.1")),
        _ makeHandler: @escaping @Sendable (Roaming, Ticket) -> any ConnectionHandler = { Roamer($0, $1) }
    ) throws {
        let doorkeeper = doorkeeper ?? Doorkeeper(limits)
        self.doorkeeper = doorkeeper
        var options = ListenOptions()
        options.tls = tls
        threads = try (0..<count).map { [map, journal, options] index in
            try LoopThread(limits: limits, doorkeeper: doorkeeper, at: address, options: options) { loop in
                let roaming = Roaming(
                    index: index, loop: loop, map: map, journal: journal, compression: compression)
                let service = RoamingService(roaming, makeHandler)
                map.add(try loop.makeLanding { makeHandler(roaming, $0) }, try loop.makeDoor(handler: service))
                return service
            }
        }
    }

    deinit { for thread in threads { thread.stop() } }

    /// From now on the first loop's listener hands connections round.
    func share() {
        let shared = Box<Void>()
        threads[0].shareListener(with: Array(map.doors.dropFirst())) { shared.put(()) }
        shared.take()
    }

    /// The counters of the loops, once they are as wanted; nil when they never were.
    func counters(when isReached: ([TransportCounters]) -> Bool) -> [TransportCounters]? {
        for _ in 0..<10_000 {
            let counters = counters
            if isReached(counters) { return counters }
        }
        return nil
    }

    /// Of the first loop.
    var port: UInt16 { threads[0].port }

    var counters: [TransportCounters] { threads.map { $0.ask { $0.counters } } }
}

/// What a handler knows of the loop it lives on.
struct Roaming {
    let index: Int
    unowned let loop: EventLoop
    let map: LoopRing.Map
    let journal: Journal<Sighting>
    let compression: CompressionPolicy?

    func note(_ told: Told) { journal.add(Sighting(loop: index, told: told)) }
}

/// `/` opens here, `/1` on loop 1.
private final class RoamingService: RequestHandler {
    private let roaming: Roaming
    private let makeHandler: (Roaming, Ticket) -> any ConnectionHandler

    init(_ roaming: Roaming, _ makeHandler: @escaping (Roaming, Ticket) -> any ConnectionHandler) {
        self.roaming = roaming
        self.makeHandler = makeHandler
    }

    func handle(_ request: Request, _ exchange: Exchange) {
        if let loop = Int(request.path.dropFirst()) {
            let landing = roaming.map.landing(loop)
            exchange.upgrade(subprotocol: nil, compression: roaming.compression, to: landing, Ticket())
        } else if request.path == "/where" {
            exchange.respond(Response(status: 200, body: Array("\(roaming.index) \(request.peer)\n".utf8)))
        } else {
            exchange.upgrade(
                subprotocol: nil, compression: roaming.compression, handler: makeHandler(roaming, Ticket()))
        }
    }
}

/// Says where it is and how often it has moved; `:2` moves it to loop 2 and `:2 later` in another turn, `:flood` sends
/// more than the kernel takes, `:close` closes and tries to move then. Everything else is echoed.
final class Roamer: ConnectionHandler {
    private let roaming: Roaming
    private let ticket: Ticket

    init(_ roaming: Roaming, _ ticket: Ticket) {
        self.roaming = roaming
        self.ticket = ticket
    }

    func opened(_ connection: Connection) { roaming.note(.opened) }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        let text = message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        guard text.hasPrefix(":") else {
            switch kind {
            case .text: connection.send(text: message)
            case .binary: connection.send(binary: message)
            }
            return
        }
        let words = text.dropFirst().split(separator: " ")
        switch words.first {
        case "where": connection.send(text: Array("\(roaming.index) after \(ticket.moves)".utf8))
        case "flood":
            for number in 0..<64 { connection.send(binary: Self.block(number).span.bytes) }
            for _ in 0..<8 { connection.send(EncodedMessage(text: Array("again".utf8), isReplaceable: true)) }
        case "pause":
            connection.pauseReading()
            connection.move(to: roaming.map.landing(1), Ticket(moves: ticket.moves + 1))
        case "take": connection.send(text: Array("\(connection.takeBackBroadcasts().messages)".utf8))
        case "close":
            connection.close(.normal)
            let moved = connection.move(to: roaming.map.landing(1), ticket)
            roaming.note(.message("moved \(moved)"))
        case let loop?:
            guard let loop = Int(loop) else { return }
            let target = roaming.map.landing(loop)
            let ticket = Ticket(moves: ticket.moves + 1)
            if words.count == 1 { return _ = connection.move(to: target, ticket) }
            connection.send(text: Array("soon".utf8))
            roaming.loop.schedule(at: roaming.loop.now) { connection.move(to: target, ticket) }
        case nil: break
        }
    }

    static func block(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 64 << 10) }

    func drained(_ connection: Connection) { roaming.note(.drained(unsentBytes: connection.unsentBytes)) }

    func closed(_ connection: Connection, _ closure: Closure) {
        roaming.note(.closed(closure.code, reason: closure.reason, closure.cause, isClean: closure.isClean))
    }
}
