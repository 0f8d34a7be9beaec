@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Guards: who is let in") struct GuardTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000)

    private func visit(origin: String?) -> Visit {
        Visit(client: Client(id: 1, address: "127.0.0.1"), room: nil) { name in
            name.lowercased() == "origin" ? origin : nil
        }
    }

    private func authorization(_ origins: String) -> Authorization {
        var configuration = Configuration()
        configuration.http.allowedOrigins = origins
        return Authorization(
            MiddlewareKit(
                configuration: configuration, metrics: .forTests(), log: Logger.discarding().makeRing(), writer: nil,
                board: LoopBoard { _ in }, admission: Admission(luck: .system), domain: nil, now: { start }))
    }

    @Test func `without allowed origins every page may connect`() {
        #expect(authorization("").accept(visit(origin: "https://anywhere.example")) == .pass)
        #expect(authorization("").accept(visit(origin: nil)) == .pass)
    }

    @Test func `with allowed origins only their pages may, and what is no browser`() {
        let guarding = authorization(" https://play.example ,HTTPS://Other.example:8443")
        for origin in ["https://play.example", "HTTPS://PLAY.EXAMPLE", "https://other.example:8443", nil] {
            #expect(guarding.accept(visit(origin: origin)) == .pass)
        }
        for origin in ["https://play.example:444", "http://play.example", "https://evil-play.example", "null", ""] {
            guard case .refuse(let status, let code, _, let reason, _) = guarding.accept(visit(origin: origin)) else {
                Issue.record("\(origin) was let in")
                continue
            }
            #expect((status, code, reason) == (403, "origin_not_allowed", .origin))
        }
    }

    // MARK: Admission

    private func luck(_ numbers: [UInt64]) -> Luck {
        var next = 0
        return Luck {
            defer { next += 1 }
            return numbers[next % numbers.count]
        }
    }

    @Test func `the door is open at first`() {
        let admission = Admission(luck: .system)
        for _ in 0..<1000 { #expect(admission.verdict(at: start) == .pass) }
        #expect(admission.takesRooms(at: start))
    }

    @Test func `limited, so many a second come in, until the time is over`() {
        let admission = Admission(luck: luck([3]))
        admission.limit(perSecond: 10, until: start + .seconds(60), at: start)
        func letIn(_ count: Int, at instant: MonotonicTime) -> Int {
            (0..<count).count { _ in admission.verdict(at: instant) == .pass }
        }
        #expect(letIn(50, at: start) == 10)
        #expect(letIn(50, at: start + .milliseconds(500)) == 5)
        #expect(letIn(50, at: start + .seconds(30)) == 10)
        #expect(admission.takesRooms(at: start), "who is in may open rooms")
        #expect(letIn(50, at: start + .seconds(60)) == 50)
        #expect(admission.mode(at: start + .seconds(60)) == .open)
    }

    @Test func `protected, nobody new comes in and no rooms open, until the time is over`() {
        let admission = Admission(luck: luck([0]))
        let until = start + .seconds(30)
        admission.protect(until: until)
        guard case .refuse(let status, let code, _, let reason, let retry) = admission.verdict(at: start) else {
            Issue.record("let in")
            return
        }
        #expect((status, code, reason, retry) == (503, "overloaded", .overload, 1))
        #expect(!admission.takesRooms(at: start + .milliseconds(29_999)))
        #expect(admission.takesRooms(at: until))
        #expect(admission.verdict(at: start + .milliseconds(29_999)) != .pass)
        #expect(admission.verdict(at: until) == .pass)
        #expect(admission.mode(at: until) == .open)
    }

    @Test func `who is refused is asked to come back spread over ten seconds`() {
        let admission = Admission(luck: luck(Array(0...99)))
        admission.protect(until: start + .seconds(1))
        var waits: [Int: Int] = [:]
        for _ in 0..<100 {
            guard case .refuse(_, _, _, _, let seconds?) = admission.verdict(at: start) else { continue }
            waits[seconds, default: 0] += 1
        }
        #expect(waits == Dictionary(uniqueKeysWithValues: (1...10).map { ($0, 10) }))
    }

    @Test func `the door that is opened again is open, whatever was set before`() {
        let admission = Admission(luck: .system)
        admission.limit(perSecond: 1, until: start + .seconds(60), at: start)
        admission.endLimit()
        for _ in 0..<10 { #expect(admission.verdict(at: start) == .pass) }
    }

    @Test func `the end of one hold is not the end of another, and the strictest decides`() {
        let admission = Admission(luck: luck([0]))
        func letIn(_ count: Int) -> Int { (0..<count).count { _ in admission.verdict(at: start) == .pass } }
        admission.protect(until: start + .seconds(60))
        admission.limit(perSecond: 5, until: start + .seconds(60), at: start)
        #expect(letIn(20) == 0 && !admission.takesRooms(at: start), "a limit opens no closed door")
        admission.endLimit()
        #expect(letIn(20) == 0, "the storm is over, the overload is not")
        admission.limit(perSecond: 5, until: start + .seconds(60), at: start)
        admission.endProtection()
        #expect(letIn(20) == 5 && admission.takesRooms(at: start))
        admission.endLimit()
        #expect(letIn(20) == 20)
    }

    @Test func `a limit that is asked for again lasts longer, and is no new burst`() {
        let admission = Admission(luck: luck([0]))
        func letIn(_ count: Int) -> Int { (0..<count).count { _ in admission.verdict(at: start) == .pass } }
        admission.limit(perSecond: 5, until: start + .seconds(60), at: start)
        #expect(letIn(20) == 5)
        admission.limit(perSecond: 5, until: start + .seconds(90), at: start)
        #expect(letIn(20) == 0)
        #expect(admission.mode(at: start + .seconds(89)) == .limited(perSecond: 5, until: start + .seconds(90)))
        admission.limit(perSecond: 7, until: start + .seconds(90), at: start)
        #expect(letIn(20) == 7)
    }

    @Test func `while protected, a create is refused with the time to wait, one that is repeated is not`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let secret = ana.freshSecret()
        let room = try ana.create("tic-tac-toe", secret: secret)
        world.services.admission.protect(until: world.timeline.now + .seconds(60))
        let no = try #require(ana.ask(ana.createRequest("tic-tac-toe")).first("no"))
        #expect(no.code == "overloaded" && (no.int("retry") ?? 0) > 0)
        // Its answer was lost, say: the room is there, and the seat is Ana's.
        let again = ana.ask(ana.createRequest("tic-tac-toe", secret: secret))
        #expect(again.first("joined")?["room"]?.string == room.description)
        let ben = world.client("Ben")
        ben.hello()
        #expect(ben.join(room).first("joined") != nil, "games that are there go on")
        world.advance(by: .seconds(61))
        ana.send(["type": "pong"])
        #expect(ana.ask(ana.createRequest("tic-tac-toe")).first("joined") != nil)
    }

    @Test func `a game in quarantine opens no rooms for a while, others do`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        world.services.quarantined["tic-tac-toe"] = world.timeline.now + .seconds(5)
        #expect(ana.ask(ana.createRequest("tic-tac-toe")).refusals == ["overloaded"])
        #expect(ana.ask(ana.createRequest("liap-tui")).first("joined") != nil)
        world.advance(by: .seconds(5))
        #expect(ana.ask(ana.createRequest("tic-tac-toe")).first("joined") != nil)
    }

    // MARK: Rates

    @Test func `rate limiting asks the door too, and tells each message it refuses`() {
        var configuration = Configuration()
        (configuration.limits.ratePerS, configuration.limits.burst) = (1, 2)
        let admission = Admission(luck: luck([0]))
        var refused = 0
        let limiting = RateLimiting(
            configuration.limits, position: 0, admission: admission, now: { start }, onRefusal: { refused += 1 })
        #expect(limiting.accept(visit(origin: nil)) == .pass)
        admission.protect(until: start + .seconds(9))
        #expect(limiting.accept(visit(origin: nil)) != .pass)
        let (one, other) = (Client(id: 1, address: "127.0.0.1"), Client(id: 2, address: "127.0.0.1"))
        func ask(_ client: Client, _ type: String = "list") -> ReceiveVerdict {
            limiting.receive(
                InboundMessage(
                    client: client, form: .object, type: type, bytes: 9, now: Elapsed(nanoseconds: start.nanoseconds)))
        }
        #expect([ask(one), ask(one)] == [.pass, .pass])
        guard case .refuse(let refusal, let retryMs, nil) = ask(one) else {
            Issue.record("granted")
            return
        }
        #expect((refusal.code, retryMs, refused) == ("rate_limited", 1000, 1))
        #expect(ask(other) == .pass, "each connection has its own allowance")
        #expect(ask(one, "ack") == .pass)
        #expect(refused == 1)
    }
}
