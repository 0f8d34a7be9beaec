#if DEBUG
@testable import GameServer
import PluginAPI

/// Remembers what rooms and sessions reported: to the server itself, and to middleware.
final class FactLog: ServerObserver, Middleware {
    let name = "fact_log"
    let interests: MiddlewareHooks = [.commit, .resume, .stall, .close]

    private(set) var open = 0
    private(set) var readPauses = 0
    private(set) var codes: [String] = []
    private(set) var verdicts: [Resumption.Verdict] = []
    private(set) var outcomes: [Commit.Outcome] = []
    private(set) var faults: [String] = []
    private(set) var roundTrips: [Elapsed] = []
    private(set) var closeCodes: [UInt16] = []

    func sessionOpened() { open += 1 }
    func readingPaused() { readPauses += 1 }
    func sessionClosed() { open -= 1 }
    func requestAnswered(code: String?, in room: Room?) { codes.append(code ?? "ok") }
    func messageHandled(_ type: String, _ took: Elapsed) {}
    func pongReceived(after roundTrip: Elapsed) { roundTrips.append(roundTrip) }
    func visitAccepted(after waited: Duration) {}
    func visitRefused(_ reason: AcceptVerdict.Reason) {}
    func middlewareFault(_ name: String, hook: String, _ error: any Error) { faults.append("\(name): \(error)") }
    func middlewareSample(_ name: String, _ took: Elapsed) {}

    func commit(_ fact: Commit) { outcomes.append(fact.outcome) }
    func resume(_ fact: Resumption) { verdicts.append(fact.verdict) }
    func close(_ fact: Departure) { closeCodes.append(fact.code) }

    func stall(_ fact: Stall) {
        switch fact {
        case .fault(_, _, _, let sentence), .unreadable(_, _, let sentence): faults.append(sentence)
        case .silent, .unanswered, .behind, .store: break
        }
    }
}
#endif
