@testable import GameServer
import Observability
import PluginAPI
import Testing

@Suite("What recovery remembers over a restart") struct RecoveryMemoryTests {
    private let noon = Timestamp(unixMilliseconds: 1_735_200_000_000)

    private func run(
        _ procedure: String, _ verdict: RecoveryRun.Verdict, secondsAgo: Int, lasted: Int = 0
    ) -> SystemEvent {
        SystemEvent(
            at: noon + .seconds(-secondsAgo), kind: .recoveryRun, subject: procedure, actor: "server",
            body:
                #"{"procedure_name":"\#(procedure)","scope":"server","verdict":"\#(verdict.rawValue)","#
                + #""duration_seconds":\#(lasted)}"#)
    }

    private func action(
        _ endpoint: Endpoint, of procedure: String, secondsAgo: Int, status: Int = 200
    ) -> SystemEvent {
        SystemEvent(
            at: noon + .seconds(-secondsAgo), kind: .adminAction, subject: procedure, actor: "operator",
            body: #"{"action":"\#(endpoint.rawValue)","target":"\#(procedure)","status":\#(status)}"#)
    }

    private func status(of procedure: String, after events: [SystemEvent]) throws -> RecoveryStatus.Procedure {
        var recovery = RecoveryEngine()
        let now = Duration.seconds(5)
        RecoveryMemory(wallClock: noon, now: now).replay(events, into: &recovery)
        return try #require(recovery.status(at: now).procedures.first { $0.procedure.id == procedure })
    }

    @Test func `attempts, with the moment they began`() throws {
        let events = [run("memory_pressure", .failed, secondsAgo: 3590, lasted: 20)]
        #expect(try status(of: "memory_pressure", after: events).recentAttempts == 0)
        let later = [run("memory_pressure", .failed, secondsAgo: 3590)]
        #expect(try status(of: "memory_pressure", after: later).recentAttempts == 1)
    }

    @Test func `harm, until an operator switched the procedure on again`() throws {
        let harm = run("memory_pressure", .harmful, secondsAgo: 900)
        #expect(try status(of: "memory_pressure", after: [harm]).disabledFor == .disabledByHarm)
        #expect(try status(of: "memory_pressure", after: [harm]).disabledAt == .seconds(5 - 900))
        let enabled = action(.procedureEnable, of: "memory_pressure", secondsAgo: 600)
        #expect(try status(of: "memory_pressure", after: [harm, enabled]).isEnabled)
        let refused = action(.procedureEnable, of: "memory_pressure", secondsAgo: 600, status: 404)
        #expect(try status(of: "memory_pressure", after: [harm, refused]).isEnabled == false)
    }

    @Test func `what an operator switched off, and by whom`() throws {
        let events = [
            action(.procedureDisable, of: "reconnect_storm", secondsAgo: 60),
            action(.recoveryTrigger, of: "reconnect_storm", secondsAgo: 50),
        ]
        let found = try status(of: "reconnect_storm", after: events)
        #expect(found.disabledFor == .disabledByOperator && found.disabledBy == "operator")
    }

    @Test func `how far runs were numbered`() throws {
        var recovery = RecoveryEngine()
        let refused = SystemEvent(
            at: noon, kind: .recoveryRun, subject: "memory_pressure", actor: "server",
            body: #"{"run":41,"procedure_name":"memory_pressure","scope":"server","verdict":"refused"}"#)
        RecoveryMemory(wallClock: noon, now: .zero).replay([refused], into: &recovery)
        #expect(recovery.observe([.memoryRatio: 0.99], at: .seconds(5)).map(\.run) == [42])
    }

    @Test func `nothing of what it does not understand`() throws {
        let strange = SystemEvent(
            at: noon, kind: .recoveryRun, subject: "memory_pressure", actor: "server", body: #"{"later":1}"#)
        let garbled = SystemEvent(at: noon, kind: .adminAction, subject: "memory_pressure", actor: "x", body: "no")
        #expect(try status(of: "memory_pressure", after: [strange, garbled]).recentAttempts == 0)
    }
}
