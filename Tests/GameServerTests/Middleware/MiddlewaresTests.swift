@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("The chain of middleware") struct MiddlewaresTests {
    private struct Broken: Error {}

    /// Says what it was called for, and does as it was told.
    private final class Probe: Middleware {
        let name: String
        let interests: MiddlewareHooks
        var calls: [String] = []
        var throwsAlways = false
        var acceptVerdict = AcceptVerdict.pass
        var receiveVerdict = ReceiveVerdict.pass

        init(_ name: String, _ interests: MiddlewareHooks) {
            self.name = name
            self.interests = interests
        }

        private func note(_ call: String) throws {
            calls.append(call)
            if throwsAlways { throw Broken() }
        }

        func accept(_ visit: Visit) throws -> AcceptVerdict {
            try note("accept")
            return acceptVerdict
        }

        func receive(_ message: InboundMessage) throws -> ReceiveVerdict {
            try note("receive")
            return receiveVerdict
        }

        func attach(_ fact: Membership) throws { try note("attach") }
        func commit(_ fact: Commit) throws { try note("commit") }
        func deliver(_ fact: Delivery) throws { try note("deliver") }
        func acknowledge(_ fact: Acknowledgement) throws { try note("acknowledge") }
        func lag(_ fact: Lag) throws { try note("lag") }
        func drop(_ fact: Membership) throws { try note("drop") }
        func resume(_ fact: Resumption) throws { try note("resume") }
        func stall(_ fact: Stall) throws { try note("stall") }
        func recover(_ fact: Recovery) throws { try note("recover") }
        func detach(_ fact: Membership) throws { try note("detach") }
        func close(_ fact: Departure) throws { try note("close") }
    }

    private let client = Client(id: 1, address: "127.0.0.1")
    private var visit: Visit { Visit(client: client, room: nil) { _ in nil } }
    private var message: InboundMessage {
        InboundMessage(client: client, form: .object, type: "act", bytes: 2, now: .zero)
    }
    private var membership: Membership { Membership(client: client, room: RoomID(raw: 7), game: "nim", seat: 0) }
    private static let refusal = AcceptVerdict.refuse(status: 403, code: "no", message: "no", reason: .auth)
    private static let no = ReceiveVerdict.refuse(.refused("no"), retryMs: 5)

    /// Calls every hook once.
    private func callAll(_ chain: Middlewares) {
        _ = chain.accept(visit)
        chain.attach(membership)
        _ = chain.receive(message)
        chain.commit(
            Commit(
                room: membership.room, game: "nim", record: 1, sequence: 1, events: 1, bytes: 9, cause: .act,
                outcome: .committed, turn: .none, queued: .zero, decided: .zero, stored: .zero))
        chain.deliver(
            Delivery(
                room: membership.room, game: "nim", sequence: 1, events: 1, receivers: 1, collapsed: 0, unanswering: 0,
                delay: .zero, sinceAsked: nil))
        chain.acknowledge(
            Acknowledgement(client: client, room: membership.room, game: "nim", sequence: 1, sent: 1, delay: nil))
        chain.lag(Lag(client: client, phase: .began, unsentBytes: 1))
        chain.drop(membership)
        chain.resume(Resumption(client: client, room: nil, verdict: .refused, missed: 0))
        chain.stall(.unanswered(client))
        chain.recover(.answered(client, after: .zero))
        chain.detach(membership)
        chain.close(
            Departure(
                client: client, code: 1000, isClean: true, fault: nil, lasted: .zero, messagesIn: 0, messagesOut: 0,
                bytesIn: 0, bytesOut: 0, greeted: true))
    }

    @Test func `each hook reaches those that want it, and nobody else`() {
        let all = MiddlewareHooks(MiddlewareHooks.named.map(\.hook))
        for (hook, name) in MiddlewareHooks.named {
            let (one, rest, none) = (Probe("one", hook), Probe("rest", all.subtracting(hook)), Probe("none", []))
            let chain = Middlewares([none, one, rest])
            callAll(chain)
            #expect(one.calls == [name])
            #expect(rest.calls == MiddlewareHooks.named.map(\.name).filter { $0 != name })
            #expect(none.calls == [])
        }
    }

    @Test func `they are called in the order of the list`() {
        var order: [String] = []
        final class Noting: Middleware {
            let name: String
            let interests: MiddlewareHooks = [.receive, .detach]
            let note: (String) -> Void
            init(_ name: String, _ note: @escaping (String) -> Void) { (self.name, self.note) = (name, note) }
            func receive(_ message: InboundMessage) -> ReceiveVerdict {
                note("receive \(name)")
                return .pass
            }
            func detach(_ fact: Membership) { note("detach \(name)") }
        }
        let chain = Middlewares(["c", "a", "b"].map { Noting($0) { order.append($0) } })
        _ = chain.receive(message)
        chain.detach(membership)
        #expect(order == ["receive c", "receive a", "receive b", "detach c", "detach a", "detach b"])
    }

    @Test func `a fact nobody wants is not made`() {
        let watcher = Probe("watcher", .lag)
        let chain = Middlewares([watcher])
        var made = 0
        func fresh() -> Membership {
            made += 1
            return membership
        }
        chain.attach(fresh())
        chain.drop(fresh())
        chain.detach(fresh())
        #expect(made == 0)
        chain.setAside("watcher", true)
        chain.lag(Lag(client: client, phase: .began, unsentBytes: made + 1))
        #expect(watcher.calls == [])
    }

    @Test func `a fact is made once, however many want it`() {
        let chain = Middlewares([Probe("a", .attach), Probe("b", .attach)])
        var made = 0
        func fresh() -> Membership {
            made += 1
            return membership
        }
        chain.attach(fresh())
        #expect(made == 1)
    }

    @Test func `the first guard that refuses decides, and those behind it are not asked`() {
        let guards = ["a", "b", "c"].map { Probe($0, [.accept, .receive]) }
        guards[1].acceptVerdict = Self.refusal
        guards[1].receiveVerdict = Self.no
        guards[2].acceptVerdict = .refuse(status: 500, code: "late", message: "late", reason: .limit)
        guards[2].receiveVerdict = .close(.abuse)
        let chain = Middlewares(guards)
        #expect(chain.accept(visit) == Self.refusal)
        #expect(chain.receive(message) == Self.no)
        #expect(guards.map(\.calls) == [["accept", "receive"], ["accept", "receive"], []])
    }

    @Test func `a guard that throws has not refused, and is told of under its name`() {
        let (broken, strict) = (Probe("broken", [.accept, .receive]), Probe("strict", [.accept, .receive]))
        broken.throwsAlways = true
        broken.acceptVerdict = Self.refusal
        strict.receiveVerdict = Self.no
        let chain = Middlewares([broken, strict])
        var told: [String] = []
        chain.onFault = { name, hook, error in told.append("\(name) \(hook) \(type(of: error))") }
        #expect(chain.accept(visit) == .pass)
        #expect(chain.receive(message) == Self.no)
        #expect(told == ["broken accept Broken", "broken receive Broken"])
    }

    @Test func `an observer that throws is told of and disturbs nobody`() {
        let all = MiddlewareHooks(MiddlewareHooks.named.map(\.hook))
        let probes = ["a", "broken", "c"].map { Probe($0, all) }
        probes[1].throwsAlways = true
        let chain = Middlewares(probes)
        var told: [String] = []
        chain.onFault = { name, hook, _ in told.append("\(name) \(hook)") }
        callAll(chain)
        let names = MiddlewareHooks.named.map(\.name)
        #expect(probes.map(\.calls) == [names, names, names])
        #expect(told == names.map { "broken \($0)" })
    }

    @Test func `a fault is forgotten after a while`() {
        let broken = Probe("broken", .attach)
        broken.throwsAlways = true
        let chain = Middlewares([broken])
        var time = MonotonicTime(nanoseconds: 0)
        chain.now = { time }
        #expect(!chain.hasFaulted("broken", within: .seconds(60)))
        chain.attach(membership)
        time = time + .seconds(60)
        #expect(chain.hasFaulted("broken", within: .seconds(60)))
        time = time + .seconds(1)
        #expect(!chain.hasFaulted("broken", within: .seconds(60)))
    }

    @Test func `one that is set aside is called no more, until it is taken back`() {
        let (one, other) = (Probe("one", [.receive, .attach]), Probe("other", .attach))
        one.receiveVerdict = Self.no
        let chain = Middlewares([one, other])
        #expect(chain.setAside("one", true))
        #expect(chain.receive(message) == .pass)
        chain.attach(membership)
        #expect(one.calls == [] && other.calls == ["attach"])
        #expect(chain.list.map(\.isSetAside) == [true, false])
        #expect(chain.setAside("one", false))
        #expect(chain.receive(message) == Self.no)
        #expect(!chain.setAside("nobody", true))
    }

    @Test func `a fresh one takes the place of one that failed, and is in the chain again`() {
        let (first, failed, last) = (Probe("a", .attach), Probe("b", .attach), Probe("c", .attach))
        let chain = Middlewares([first, failed, last])
        chain.setAside("b", true)
        let fresh = Probe("b", [.attach, .detach])
        chain.replace("b", by: fresh)
        chain.attach(membership)
        chain.detach(membership)
        #expect(failed.calls == [] && fresh.calls == ["attach", "detach"])
        #expect(chain.list.map(\.name) == ["a", "b", "c"])
        #expect(chain.list.map(\.isSetAside) == [false, false, false])
    }

    @Test func `guards and observers are timed now and then, under their names`() {
        let chain = Middlewares([Probe("guard", .receive), Probe("observer", .attach)])
        var timed: [String: Int] = [:]
        chain.onSample = { name, _ in timed[name, default: 0] += 1 }
        for _ in 0..<640 {
            _ = chain.receive(message)
        }
        #expect(timed == ["guard": 10])
        for _ in 0..<640 { chain.attach(membership) }
        #expect(timed == ["guard": 10, "observer": 10])
    }

    @Test func `every hook has a name, and a default that does nothing`() throws {
        final class Silent: Middleware {
            let name = "silent"
            let interests = MiddlewareHooks(MiddlewareHooks.named.map(\.hook))
        }
        let chain = Middlewares([Silent()])
        var faults = 0
        chain.onFault = { _, _, _ in faults += 1 }
        callAll(chain)
        #expect(faults == 0)
        #expect(chain.accept(visit) == .pass)
        #expect(chain.receive(message) == .pass)
        #expect(MiddlewareHooks.named.count == 13)
        #expect(Set(MiddlewareHooks.named.map(\.hook)).count == 13)
    }

    @Test func `what two middlewares keep about a connection does not mix`() {
        final class Note { var count = 0 }
        final class OtherNote { var count = 0 }
        let client = Client(id: 7, address: "127.0.0.1")
        client.note(at: 2, orElse: { Note() }).count = 5
        client.note(at: 0, orElse: { OtherNote() }).count = 3
        #expect(client.note(at: 2, orElse: { Note() }).count == 5)
        #expect(client.note(at: 0, orElse: { OtherNote() }).count == 3)
        #expect(client.note(at: 1, orElse: { Note() }).count == 0)
        // A place takes what was kept there last.
        #expect(client.note(at: 2, orElse: { OtherNote() }).count == 0)
        #expect(client.note(at: 0, orElse: { OtherNote() }).count == 3)
        let other = Client(id: 2, address: "192.0.2.2")
        other.note(at: 1, orElse: { Note() }).count = 1
        #expect(other.note(at: 1, orElse: { OtherNote() }).count == 0)
        #expect(other.note(at: 1, orElse: { Note() }).count == 0)
    }
}
