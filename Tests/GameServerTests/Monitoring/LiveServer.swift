import Foundation
@testable import GameServer
import Observability
import PluginAPI
import TestSupport

/// A whole server on a free port, with its log for the test to wait for.
final class LiveServer {
    let metrics: Observability.Metrics
    /// Each line of the log as an object.
    let log = Journal<JSON>()
    private let directory: TemporaryDirectory
    private let server: Server
    private let logger: Logger

    var port: UInt16 { server.port }

    init(
        games: [InstalledGame], middleware: [MiddlewarePlugin] = [], probes: [any HealthProbe] = [],
        _ configure: (inout Configuration) -> Void = { _ in }
    ) throws {
        directory = try TemporaryDirectory()
        var configuration = Configuration()
        configuration.server.port = 0
        configuration.server.loops = 1
        configuration.server.dataDirectory = directory.path + "/data"
        configuration.http.resourcesDirectory = Surface.resources
        configuration.drain.spreadMs = 0
        configure(&configuration)
        metrics = .forTests(
            plugins: games.map(\.manifest.id), middleware: middleware.map(\.name),
            domain: try DomainMetrics(
                DomainCounts.descriptions(games: games, middleware: middleware)))
        let log = log
        logger = Logger(
            level: .debug,
            sink: LogSink { bytes in
                for line in bytes.split(separator: UInt8(ascii: "\n")) {
                    if let json = try? JSON(parsing: Array(line)) { log.add(json) }  // the schema has tests of its own
                }
                return true
            }, origin: LogOrigin(version: "1", node: "test", processID: 1))
        server = try Server(
            in: DataDirectory(configuration.server.dataDirectory), configuration: configuration, games: games,
            middleware: middleware, probes: probes, logger: logger, metrics: metrics)
    }

    /// Drains it and waits for its end.
    func stop() {
        server.drain()
        server.run()
        logger.close()
    }

    /// Reads the log up to a line of this event with all these words in it; nil when none came in time.
    func line(_ event: String, saying words: String...) -> JSON? {
        while let line = log.next() {
            let text = String(decoding: line.encoded(), as: UTF8.self)
            if line["event"]?.string == event, words.allSatisfy({ text.contains($0) }) { return line }
        }
        return nil
    }
}

/// A player over a real connection, who counts everything.
final class LivePlayer {
    struct Ended: Error {}

    private let client: RawClient
    private var lines: [JSON] = []
    private(set) var messagesIn = 0
    private(set) var messagesOut = 0
    /// Payload of those messages.
    private(set) var bytesIn = 0
    private(set) var bytesOut = 0

    init(port: UInt16, fields: String = "") throws {
        client = try RawClient(port: port)
        let head = try client.open(path: "/ws", extra: "Sec-WebSocket-Protocol: gameserver.v1\r\n" + fields)
        guard head.hasPrefix("HTTP/1.1 101") else { throw Ended() }
        try send(#"{"type":"hello","client":{"name":"test","version":"1"}}"#)
        _ = try next("welcome")
    }

    func send(_ text: String) throws {
        messagesOut += 1
        bytesOut += text.utf8.count
        try client.send(clientFrame(text: text))
    }

    /// The next line of this type.
    func next(_ type: String) throws -> JSON {
        while true {
            while !lines.isEmpty {
                let line = lines.removeFirst()
                if line["type"]?.string == type { return line }
            }
            guard let frame = try client.receiveFrame(), frame.firstByte == 0x81 else { throw Ended() }
            messagesIn += 1
            bytesIn += frame.payload.count
            lines = try frame.payload.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
        }
    }

    /// Opens a room and starts its game.
    func start(_ game: String) throws -> String {
        try send(#"{"type":"create","game":"\#(game)","name":"Ana"}"#)
        guard let room = try next("joined")["room"]?.string else { throw Ended() }
        try send(#"{"type":"host","room":"\#(room)","n":1,"do":"start"}"#)
        _ = try next("ok")
        return room
    }

    /// Closes in order, reading to the end.
    func close() throws {
        try client.send(clientFrame(0x88, [0x03, 0xE8]))
        while let frame = try client.receiveFrame(), frame.firstByte == 0x81 {
            messagesIn += 1
            bytesIn += frame.payload.count
        }
        _ = try client.receiveToEnd()
    }
}
