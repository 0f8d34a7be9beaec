import Foundation
import Synchronization
import TestSupport
import Testing
import WebSocket

/// Connections under load that move at random between loops, every byte compared. `MOVES=110000` makes it long,
/// `SEED` repeats a run.
@Suite("Connections wander between loops") struct WanderingTests {
    private static let moves = ProcessInfo.processInfo.environment["MOVES"].flatMap { Int($0) } ?? 2000
    private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }
    private static let clients = 8

    @Test(arguments: [2, 3], [false, true])
    func `what is said while they move is answered byte for byte and in order`(loops: Int, isSecure: Bool) throws {
        let seed = Self.seed ?? .random(in: 1 ... .max)
        print("wandering over \(loops) loops: SEED=\(seed)")
        var limits = Limits()
        limits.kernelSendBufferBytes = 32 << 10
        limits.maxMessageBytes = 1 << 20
        limits.maxOutboxBytes = 64 << 20
        limits.maxControlFramesPerSecond = .max
        let count = MoveCount()
        let certificate = isSecure ? try RingCertificate() : nil
        let ring = try LoopRing(loops, limits: limits, tls: certificate?.context) { Wanderer($0, $1, count) }
        let began = ContinuousClock.now
        let posters = try (0..<Self.clients).map { number in
            let raw = try RawClient(port: ring.port, receiveBufferBytes: 32 << 10)
            let secure = isSecure ? try SecureClient(raw) : nil
            try secure?.handshake()
            let talker = try Talker(raw, secure, seed: seed &+ UInt64(number), path: "/\(number % loops)")
            return (talker.result, Poster { [moves = Self.moves] in talker.talk { count.moves < moves } })
        }
        var messages = 0
        for (result, poster) in posters {
            poster.join()
            messages += try result.take().get()
        }
        let took = ContinuousClock.now - began
        print("\(count.moves) moves, \(messages) messages and \(loops) loops in \(took)")
        #expect(count.moves >= Self.moves)
        let counters = ring.counters
        #expect(counters.reduce(0) { $0 + $1.open } == 0)
        #expect(counters.reduce(0) { $0 + $1.openWebSockets } == 0)
        #expect(counters.reduce(0) { $0 + $1.takenOver } == counters.reduce(0) { $0 + $1.handedOver })
        #expect(counters.reduce(0) { $0 + $1.violations } == 0)
        #expect(ring.doorkeeper.open == 0)
    }
}

final class MoveCount: Sendable {
    private let count = Atomic(0)
    var moves: Int { count.load(ordering: .relaxed) }
    func add() { count.wrappingAdd(1, ordering: .relaxed) }
}

/// Echoes, and moves to some other loop after every second message or so. Half of what it says is shared.
private final class Wanderer: ConnectionHandler {
    private let roaming: Roaming
    private let ticket: Ticket
    private let count: MoveCount
    private var luck: SplitMix
    /// Sent by every loop, and by several at a time.
    static let shared = EncodedMessage(text: Array("shared by all loops".utf8), isReplaceable: true)

    init(_ roaming: Roaming, _ ticket: Ticket, _ count: MoveCount) {
        self.roaming = roaming
        self.ticket = ticket
        self.count = count
        luck = SplitMix(state: UInt64(ticket.moves) &* 0x1_0001)
    }

    func opened(_ connection: Connection) {}

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        switch kind {
        case .text where message.byteCount == 0: connection.send(Self.shared)
        case .text where message.byteCount.isMultiple(of: 2):
            connection.send(message.withUnsafeBytes { EncodedMessage(text: Array($0)) })
        case .text: connection.send(text: message)
        case .binary: connection.send(binary: message)
        }
        guard luck.next() & 1 == 0 else { return }
        let places = roaming.map.doors.count
        let next = (roaming.index + 1 + Int(luck.next() % UInt64(places - 1))) % places
        if connection.move(to: roaming.map.landing(next), Ticket(moves: ticket.moves + 1)) { count.add() }
    }

    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) {}
}

/// A client that says anything, in any slices, and knows every byte of the answer.
private final class Talker: @unchecked Sendable {
    // Handed to one thread, which alone uses it from then on.
    private let raw: RawClient
    private let client: any ClientStream
    private var luck: SplitMix
    let result = Box<Result<Int, any Error>>()

    struct Mismatch: Error { let at: Int, of: Int }

    init(_ raw: RawClient, _ secure: SecureClient?, seed: UInt64, path: String) throws {
        self.raw = raw
        client = secure ?? raw
        luck = SplitMix(state: seed)
        try client.open(path: path)
    }

    func talk(while goesOn: () -> Bool) {
        result.put(
            Result {
                var messages = 0
                while goesOn() { messages += try round() }
                try client.send(frame(0x88, [], length: 0))
                while try !client.receive().isEmpty {}
                raw.reset()
                return messages
            })
    }

    /// Sends some messages before reading any answer, so that answers pile up now and then.
    private func round() throws -> Int {
        var said: [UInt8] = []
        var answer: [UInt8] = []
        let messages = Int(luck.next() % 40) + 1
        for _ in 0..<messages { say(&said, &answer) }
        var at = 0
        while at < said.count {
            let next = min(said.count, at + (luck.next() & 3 == 0 ? 1 + Int(luck.next() % 50) : 50_000))
            try client.send(Array(said[at..<next]))
            at = next
        }
        let heard = try client.receive(exactly: answer.count)
        guard heard == answer else {
            throw Mismatch(at: zip(heard, answer).prefix { $0 == $1 }.count, of: answer.count)
        }
        return messages
    }

    private func say(_ said: inout [UInt8], _ answer: inout [UInt8]) {
        let kind = luck.next() % 8
        let length =
            switch luck.next() % 64 {
            case 0: 66_000 + Int(luck.next() % 60_000)
            case 1...8: Int(luck.next() % 3000)
            case 9: 0
            default: Int(luck.next() % 120)
            }
        let payload = kind < 3 ? ascii(length) : kind < 6 ? umlauts(length) : ascii(length)
        let opcode: UInt8 = kind < 6 ? 0x1 : 0x2
        let reply = opcode == 0x1 && payload.isEmpty ? Array("shared by all loops".utf8) : payload
        if luck.next() & 3 == 0 {
            fragments(opcode, payload, &said, &answer)
        } else {
            said += frame(0x80 | opcode, payload[...], length: payload.count)
        }
        answer += header(0x80 | opcode, reply.count) + reply
    }

    /// With a ping in between, which is answered before the message.
    private func fragments(_ opcode: UInt8, _ payload: [UInt8], _ said: inout [UInt8], _ answer: inout [UInt8]) {
        let first = payload.isEmpty ? 0 : Int(luck.next() % UInt64(payload.count))
        said += frame(opcode, payload[..<first], length: first)
        let ping = ascii(Int(luck.next() % 20))
        said += frame(0x89, ping[...], length: ping.count)
        answer += header(0x8A, ping.count) + ping
        said += frame(0x80, payload[first...], length: payload.count - first)
    }

    private func ascii(_ length: Int) -> [UInt8] {
        let base = UInt8(luck.next() % 90) + 32
        return (0..<length).map { 32 + (base &+ UInt8(truncatingIfNeeded: $0)) % 90 }
    }

    private func umlauts(_ length: Int) -> [UInt8] {
        Array(String(repeating: "a€ü𝄞", count: length / 10).utf8)
    }

    private func header(_ first: UInt8, _ length: Int) -> [UInt8] {
        switch length {
        case ...125: [first, UInt8(length)]
        case ...0xFFFF: [first, 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: [first, 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
        }
    }

    private func frame(_ first: UInt8, _ payload: ArraySlice<UInt8>, length: Int) -> [UInt8] {
        var frame = header(first, length)
        frame[1] |= 0x80
        let word = luck.next()
        let key = (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        frame += key
        frame.reserveCapacity(frame.count + length)
        var place = 0
        for byte in payload {
            frame.append(byte ^ key[place & 3])
            place += 1
        }
        return frame
    }
}
