import TestSupport
import Testing

@testable import WebSocket

/// Says in one turn what a test has it say, as soon as a client says anything.
private final class Speaker: RequestHandler, ConnectionHandler {
    /// - Returns: the bytes that each connection is owed, in the order in which they opened.
    typealias Speech = @Sendable ([Connection]) -> [[UInt8]]

    private let speech: Speech
    private let owed: Box<[[UInt8]]>
    private var connections: [Connection] = []

    init(_ owed: Box<[[UInt8]]>, _ speech: @escaping Speech) {
        self.owed = owed
        self.speech = speech
    }

    func handle(_ request: Request, _ exchange: Exchange) {
        exchange.upgrade(subprotocol: nil, handler: self)
    }

    func opened(_ connection: Connection) { connections.append(connection) }
    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) { owed.put(speech(connections)) }
    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) { connections.removeAll { $0 === connection } }
}

@Suite("What a turn says leaves whole and in order") struct CorkTests {
    /// Has a server say something to so many clients, and compares what each of them gets.
    private func expectSpeech(
        to count: Int, kernelSendBufferBytes: Int? = nil, _ speech: @escaping Speaker.Speech
    ) throws {
        var limits = Limits()
        // The smallest block there is: it fills several times in a turn.
        limits.corkBytes = 1
        limits.maxOutboxBytes = 64 << 20
        limits.kernelSendBufferBytes = kernelSendBufferBytes
        let owed = Box<[[UInt8]]>()
        let thread = try LoopThread(limits: limits) { _ in Speaker(owed, speech) }
        defer { thread.stop() }
        let clients = try (0..<count).map { _ in
            let client = try RawClient(port: thread.port, receiveBufferBytes: 16 << 10)
            try client.open()
            return client
        }
        try clients[0].send(clientFrame(text: "go"))
        for (client, bytes) in zip(clients, owed.take()) {
            #expect(try client.receive(exactly: bytes.count) == bytes)
        }
    }

    @Test(arguments: 1...12, [nil, 16 << 10])
    func `own messages and shared ones, short and long, to whom the kernel refuses and to whom not`(
        seed: UInt64, kernelSendBufferBytes: Int?
    ) throws {
        try expectSpeech(to: 4, kernelSendBufferBytes: kernelSendBufferBytes) { connections in
            var state = seed
            func draw(_ below: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % below
            }
            func text() -> [UInt8] {
                let length = [draw(20), draw(200), 1019 + draw(8), draw(30_000)][[0, 0, 0, 1, 1, 1, 2, 3][draw(8)]]
                let letter = UInt8(97 + draw(26))
                return [UInt8](repeating: letter, count: length)
            }
            var owed = [[UInt8]](repeating: [], count: connections.count)
            var recent: [(message: EncodedMessage, frame: [UInt8])] = []
            for _ in 0..<400 {
                if draw(3) == 0 {
                    let (to, payload) = (draw(connections.count), text())
                    connections[to].send(text: payload)
                    owed[to] += FrameEncoder.frame(.text, payload: payload)
                    continue
                }
                if recent.isEmpty || draw(4) > 0 {
                    let payload = text()
                    recent.append((EncodedMessage(text: payload), FrameEncoder.frame(.text, payload: payload)))
                }
                let shared = recent[recent.count - 1 - draw(min(recent.count, 7))]
                let left = draw(2) == 0 ? draw(connections.count) : -1
                for (index, connection) in connections.enumerated() where index != left {
                    connection.send(shared.message)
                    owed[index] += shared.frame
                }
            }
            return owed
        }
    }

    @Test func `more shared messages than a turn holds stay in order when the kernel refuses the first of them`() throws
    {
        try expectSpeech(to: 1, kernelSendBufferBytes: 16 << 10) { connections in
            var owed: [UInt8] = []
            for number in 0..<70_000 {
                let payload = Array("message \(number), as long as it takes".utf8)
                connections[0].send(EncodedMessage(text: payload))
                owed += FrameEncoder.frame(.text, payload: payload)
            }
            return [owed]
        }
    }

    @Test func `messages that are sent to everybody reach each in one send`() throws {
        let owed = Box<[[UInt8]]>()
        let thread = try LoopThread { _ in
            Speaker(owed) { connections in
                let texts = (0..<100).map { Array("message \($0)".utf8) }
                for text in texts {
                    let message = EncodedMessage(text: text)
                    for connection in connections { connection.send(message) }
                }
                return connections.map { _ in texts.flatMap { FrameEncoder.frame(.text, payload: $0) } }
            }
        }
        defer { thread.stop() }
        let clients = try (0..<10).map { _ in
            let client = try RawClient(port: thread.port)
            try client.open()
            return client
        }
        let before = thread.ask { $0.counters.sends }
        try clients[0].send(clientFrame(text: "go"))
        for (client, bytes) in zip(clients, owed.take()) {
            #expect(try client.receive(exactly: bytes.count) == bytes)
        }
        #expect(thread.ask { $0.counters.sends } - before == clients.count)
    }
}
