#if DEBUG
@testable import GameServer
import WebSocket

/// Remembers what rooms and sessions reported.
final class FactLog: ServerObserver {
    private(set) var open = 0
    private(set) var codes: [String] = []
    private(set) var verdicts: [ResumeVerdict?] = []
    private(set) var outcomes: [AppendOutcome] = []
    private(set) var faults: [String] = []
    private(set) var closeCodes: [UInt16] = []

    func sessionOpened() { open += 1 }

    func sessionClosed(code: UInt16, lasted: Duration) {
        open -= 1
        closeCodes.append(code)
    }

    func requestAnswered(code: String?) { codes.append(code ?? "ok") }
    func resumed(_ verdict: ResumeVerdict?) { verdicts.append(verdict) }
    func recordAppended(_ outcome: AppendOutcome, took: Duration) { outcomes.append(outcome) }
    func roomOpened(_ room: RoomID) {}
    func roomClosed(_ room: RoomID) {}
    func roomRestored(_ room: RoomID, records: Int, took: Duration) {}
    func roomFault(_ room: RoomID, _ message: String) { faults.append(message) }
}
#endif
