import Foundation
@testable import GameServer
import PluginAPI
import TestSupport
import Testing
import TicTacToe

/// Counts lines of chat, and keeps those of one connection below a ceiling. The example of docs/PLUGINS.md.
private final class ChatCount: Middleware {
    static let lines = PluginMetric.counter(
        0, "lines_total", "Lines of chat.", label: "verdict", values: ["said", "silenced"])
    static let plugin = MiddlewarePlugin("chat_count", metrics: [lines]) { ChatCount($0) }

    private final class Said { var lines = 0 }

    let name = "chat_count"
    let interests: MiddlewareHooks = .receive
    private let services: MiddlewareServices

    init(_ services: MiddlewareServices) { self.services = services }

    func receive(_ message: InboundMessage) -> ReceiveVerdict {
        guard message.type == "chat" else { return .pass }
        let said = message.client.note(at: services.position) { Said() }
        said.lines += 1
        services.count(Self.lines, said.lines > 3 ? "silenced" : "said")
        if said.lines == 4 { services.log(.info, "chatterer", "a client says too much") }
        return said.lines > 3 ? .refuse(.refused("three lines are enough")) : .pass
    }
}

@Suite("PLUGINS.md: middleware of a user's own, on a real server") struct UserMiddlewareTests {
    private static let games = [InstalledGame(TicTacToe.self)]

    /// Reports to the test what it is told.
    private final class Spy: Middleware {
        struct Broken: Error {}

        let name = "spy"
        let interests: MiddlewareHooks = [.accept, .attach, .stall, .close]
        private let journal: Journal<String>

        init(_ journal: Journal<String>) { self.journal = journal }

        static func plugin(_ journal: Journal<String>) -> MiddlewarePlugin {
            MiddlewarePlugin("spy") { _ in Spy(journal) }
        }

        func accept(_ visit: Visit) throws -> AcceptVerdict {
            if visit.header("X-Break") != nil { throw Broken() }
            guard visit.header("X-Refuse") != nil else { return .pass }
            return .refuse(status: 429, code: "go_away", message: "not you", reason: .auth, retryAfterSeconds: 7)
        }

        func attach(_ fact: Membership) throws {
            journal.add("attach \(fact.client.address) \(fact.client.software)")
            throw Broken()
        }

        func stall(_ fact: Stall) {
            if case .behind(_, _, let game, let gap) = fact { journal.add("behind \(game) \(gap)") }
        }

        func close(_ fact: Departure) {
            journal.add(
                "\(fact.code) \(fact.isClean) \(fact.messagesIn) \(fact.bytesIn) \(fact.messagesOut) \(fact.bytesOut)")
        }
    }

    @Test func `twenty lines count chat, without a change in the core`() throws {
        let server = try LiveServer(games: Self.games, middleware: [ChatCount.plugin])
        defer { server.stop() }
        // Behind those of the games.
        let chat = Self.games.reduce(0) { $0 + $1.manifest.metrics.count }
        let ana = try LivePlayer(port: server.port)
        try ana.send(#"{"type":"create","game":"tic-tac-toe","name":"Ana"}"#)
        let room = try #require(try ana.next("joined")["room"]?.string)
        for line in 1...3 {
            try ana.send(#"{"type":"chat","room":"\#(room)","text":"line \#(line)"}"#)
            #expect(try ana.next("chat")["text"]?.string == "line \(line)")
        }
        for _ in 1...2 {
            try ana.send(#"{"type":"chat","room":"\#(room)","text":"more"}"#)
            #expect(try ana.next("no")["code"]?.string == "refused")
        }
        try ana.send(#"{"type":"ping","t":1}"#)
        _ = try ana.next("pong")
        #expect(server.metrics.domain.value(chat, "said") == 3)
        #expect(server.metrics.domain.value(chat, "silenced") == 2)
        let ben = try LivePlayer(port: server.port)
        try ben.send(#"{"type":"chat","room":"\#(room)","text":"hello"}"#)
        #expect(try ben.next("no")["code"]?.string == "not_joined")
        #expect(server.metrics.domain.value(chat, "said") == 4, "a guard is asked before anybody looks at the message")
    }

    @Test func `the example in the manual is the one that is tested`() throws {
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let manual = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../../docs/PLUGINS.md").standardized, encoding: .utf8)
        let start = try #require(source.range(of: "final class ChatCount")).lowerBound
        let end = try #require(source[start...].range(of: "\n}\n")).upperBound
        #expect(manual.contains(source[start..<end]))
    }

    @Test func `a guard of a user's own turns a visit away; one that throws does not, and an observer harms nobody`()
        throws
    {
        let journal = Journal<String>()
        let server = try LiveServer(games: Self.games, middleware: [Spy.plugin(journal)])
        defer { server.stop() }
        let turnedAway = try RawClient(port: server.port)
        let head = try turnedAway.open(path: "/ws", extra: "X-Refuse: yes\r\n")
        #expect(head.hasPrefix("HTTP/1.1 429"))
        #expect(head.lowercased().contains("retry-after: 7\r\n"))
        #expect(server.metrics.wsConnectionsRejected.value(.auth) == 1)
        let ana = try LivePlayer(port: server.port, fields: "X-Break: yes\r\n")
        try ana.send(#"{"type":"create","game":"tic-tac-toe","name":"Ana"}"#)
        #expect(try ana.next("joined")["seat"]?.integer == 0)
        #expect(journal.next() == "attach 127.0.0.1 test 1")
        #expect(server.metrics.pluginExceptions.value(plugin: server.metrics.pluginIndex("spy")) == 2)
    }

    @Test func `the address is the one a trusted proxy names`() throws {
        let journal = Journal<String>()
        let server = try LiveServer(games: Self.games, middleware: [Spy.plugin(journal)]) {
            $0.http.trustedProxies = "127.0.0.1"
        }
        defer { server.stop() }
        let ana = try LivePlayer(port: server.port, fields: "X-Forwarded-For: 192.0.2.7\r\n")
        try ana.send(#"{"type":"create","game":"tic-tac-toe","name":"Ana"}"#)
        #expect(journal.next() == "attach 192.0.2.7 test 1")
    }

    @Test func `what close says is what the client counted`() throws {
        let journal = Journal<String>()
        let server = try LiveServer(games: Self.games, middleware: [Spy.plugin(journal)])
        defer { server.stop() }
        let ana = try LivePlayer(port: server.port)
        try ana.send(#"{"type":"list"}"#)
        _ = try ana.next("rooms")
        try ana.send("{\"type\":\"ping\",\"t\":1}\n{\"type\":\"ping\",\"t\":2}")
        _ = try ana.next("pong")
        _ = try ana.next("pong")
        try ana.send("nonsense")
        _ = try ana.next("no")
        try ana.close()
        let counts = "\(ana.messagesOut) \(ana.bytesOut) \(ana.messagesIn) \(ana.bytesIn)"
        #expect(journal.next() == "1000 true \(counts)")
    }

    @Test func `a client that falls behind is found`() throws {
        let journal = Journal<String>()
        let server = try LiveServer(games: [InstalledGame(Drift.self)], middleware: [Spy.plugin(journal)]) {
            $0.slow.gapEvents = 2
            $0.slow.gapMs = 50
            $0.monitoring.pulseMs = 50
            $0.recovery.isEnabled = false
        }
        defer { server.stop() }
        let ana = try LivePlayer(port: server.port)
        let room = try ana.start("drift")
        #expect(journal.next() == "attach 127.0.0.1 test 1")
        try ana.send(#"{"type":"ack","room":"\#(room)","seq":1}"#)
        for n in 2...5 {
            try ana.send(#"{"type":"act","room":"\#(room)","n":\#(n),"action":{"kind":"add","amount":1}}"#)
            _ = try ana.next("ok")
        }
        #expect(journal.next() == "behind drift 4")
        #expect(server.metrics.sequenceGaps.value(plugin: server.metrics.pluginIndex("drift")) == 1)
    }

    @Test func `names are unique, and a middleware calls itself what it was installed as`() {
        final class Wrong: Middleware {
            let name = "wrong"
            let interests: MiddlewareHooks = .close
        }
        func fault(_ middleware: [MiddlewarePlugin]) -> String? {
            do {
                let server = try LiveServer(games: Self.games, middleware: middleware)
                server.stop()
                return nil
            } catch {
                return "\(error)"
            }
        }
        let journal = Journal<String>()
        #expect(
            fault([Spy.plugin(journal), Spy.plugin(journal)])?.contains("two middlewares are called `spy`") == true)
        #expect(
            fault([MiddlewarePlugin("right") { _ in Wrong() }])?
                .contains("the middleware `right` calls itself `wrong`") == true)
        #expect(
            fault([MiddlewarePlugin("latency") { _ in Wrong() }])?
                .contains("two middlewares are called `latency`") == true)
        #expect(fault([MiddlewarePlugin("Not A Name") { _ in Wrong() }])?.contains("`Not A Name`") == true)
    }
}
