import Observability
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: who asks") struct AccessTests {
    @Test func `a token opens its role, and nothing opens without one`() throws {
        let tokens = try AdminTokens(administrator: Secret("a"), operator: Secret("b"))
        #expect(tokens.verdict(on: "c") == .wrong && tokens.verdict(on: "") == .wrong)
        guard case .known(let administrator) = tokens.verdict(on: "a"),
            case .known(let person) = tokens.verdict(on: "b")
        else {
            Issue.record("a right token opens nothing")
            return
        }
        #expect(administrator.role == .administrator && person.role == .operator)
        #expect(administrator.fingerprint.count == 8 && administrator.fingerprint != person.fingerprint)
    }

    @Test func `ids that a client brings are checked before they stand in a line`() {
        #expect(CorrelationID.isValid("Aa0._-") && CorrelationID.isValid(CorrelationID.fresh()))
        for text in ["", "a b", "a\n", "é", "a/b", String(repeating: "a", count: 65)] {
            #expect(!CorrelationID.isValid(text))
        }
    }

    @Test func `one token cannot mean two roles`() {
        let error = #expect(throws: AdminTokenError.self) {
            try AdminTokens(administrator: Secret("a"), operator: Secret("b"), viewer: Secret("b"))
        }
        #expect(
            error?.description
                == "admin.operator_token and admin.viewer_token are the same token: one token cannot mean two roles")
    }

    @Test func `roles are ordered`() {
        #expect(OperatorRole.viewer < .operator && OperatorRole.operator < .administrator)
    }

    @Test func `a ticket opens once, and not for ever`() throws {
        var tickets = LogTickets()
        let now = MonotonicTime(nanoseconds: 0)
        let requester = Requester(role: .operator, fingerprint: "1")
        let first = tickets.issue(to: requester, at: now)
        let ticket = try #require(first)
        #expect(tickets.redeem("other", at: now) == nil)
        #expect(tickets.redeem(ticket, at: now) == requester && tickets.redeem(ticket, at: now) == nil)
        let second = tickets.issue(to: requester, at: now)
        let late = try #require(second)
        #expect(tickets.redeem(late, at: now + .seconds(LogTickets.seconds)) == nil)
        for _ in 0..<LogTickets.maxTickets { #expect(tickets.issue(to: requester, at: now) != nil) }
        #expect(tickets.issue(to: requester, at: now) == nil)
        #expect(tickets.issue(to: requester, at: now + .seconds(LogTickets.seconds)) != nil)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::1", "::/64"), ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"), ("::ffff:10.0.0.1", "10.0.0.1"), ("nobody", "nobody"),
    ]) func `of IPv6 a whole network counts as one`(address: String, network: String) {
        #expect(ClientAddresses.network(of: address) == network)
    }

    // MARK: The verdict

    @Test func `a verdict nobody stands by any more counts for nothing`() {
        let board = StatusBoard()
        let start = MonotonicTime(nanoseconds: 1_000_000_000)
        board.judge(.warning)
        #expect(board.level(at: start + .seconds(3600)) == .warning, "who never looked has not stopped")
        board.confirm(at: start)
        #expect(board.level(at: start + StatusBoard.staleAfter) == .warning)
        let late = start + StatusBoard.staleAfter + .milliseconds(1)
        #expect(board.level(at: late) == .unknown && board.isStale(at: late))
        board.confirm(at: late)
        #expect(board.level(at: late) == .warning)
    }

    @Test func `while the first checks run nobody is told that nothing is known`() {
        #expect(StatusBoard.level(of: .unknown, at: .seconds(1)) == nil)
        #expect(StatusBoard.level(of: .critical, at: .seconds(1)) == .critical)
        #expect(StatusBoard.level(of: .unknown, at: StatusBoard.staleAfter) == .unknown)
        for level in HealthLevel.allCases {
            #expect(StatusBoard.level(of: level, at: .seconds(60))?.name == level.name)
        }
    }

    @Test func `what only the monitor knows is not waited for when it has stopped`() throws {
        let board = StatusBoard()
        board.confirm(at: .now() + (.zero - StatusBoard.staleAfter - .seconds(1)))
        let sources = ServerSources(
            store: MemoryEventStore(retainedEvents: 1), metrics: .forTests(), logger: .discarding(),
            monitor: try Monitor(), board: board, configuration: Configuration())
        let answers = Journal<Int>()
        let note: @Sendable (Finding) -> Void = { answers.add(Response($0, id: "test").status) }
        sources.health(.own, answer: note)
        sources.health(of: "store", answer: note)
        sources.recoveryStatus(answer: note)
        #expect(answers.takeAll() == [503, 503, 503])
    }
}
