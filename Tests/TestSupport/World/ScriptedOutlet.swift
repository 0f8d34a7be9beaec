#if DEBUG
@testable import GameServer
import PluginAPI
@testable import WebSocket

/// The server's end of a connection whose other end reads, stops reading, hangs up or is cut as the script says.
final class ScriptedOutlet: Outlet {
    /// The session at the server's end, until the connection is over.
    var session: Session?
    /// Where `joined` said that this connection sits, and with which secret.
    private(set) var seated: [RoomID: (viewer: Viewer, secret: String?)] = [:]
    /// What the peer gets, in order.
    var deliver: (_ message: [UInt8]) -> Void = { _ in }
    /// What the session lets be compressed, in order.
    var compressible: (_ message: [UInt8]) -> Void = { _ in }
    private(set) var isReading = true
    /// The session lets the peer send no more.
    private(set) var isPaused = false
    private(set) var isCut = false
    /// How the server ended the connection.
    private(set) var closed: (code: CloseCode, reason: String)?
    /// The peer's answer to the close is on its way.
    var isEnding = false
    private var unsent: [(message: [UInt8], isBroadcast: Bool)] = []
    private(set) var unsentBytes = 0
    var refusedBytes: Int { isReading || (holdsTurn && !hasRefused) ? 0 : unsentBytes }
    private var hasRefused = false
    /// What is sent waits for the end of the turn, whoever reads.
    var holdsTurn = false
    /// The most that ever waited.
    private(set) var mostUnsentBytes = 0
    var lastReceived: MonotonicTime
    private let timeline: ManualTimeline
    private var alarm: Alarm?

    init(on timeline: ManualTimeline) {
        self.timeline = timeline
        lastReceived = timeline.now
    }

    func send(_ message: EncodedMessage) {
        if message.isCompressible { compressible(Self.text(of: message)) }
        take(Self.text(of: message), isBroadcast: message.isReplaceable)
    }

    func send(text: [UInt8]) {
        compressible(text)
        take(text, isBroadcast: false)
    }

    func send(uncompressed text: [UInt8]) { take(text, isBroadcast: false) }

    func takeBackBroadcasts() -> TakenBack {
        var taken = TakenBack()
        // The oldest has begun to leave.
        while unsent.count > 1, let last = unsent.last, last.isBroadcast {
            unsentBytes -= last.message.count
            taken.messages += 1
            taken.payloadBytes += last.message.count
            unsent.removeLast()
        }
        return taken
    }

    func wake(at instant: MonotonicTime?) {
        alarm?.cancel()
        alarm = instant.map { timeline.alarm(at: $0) { [weak self] in self?.session?.woken() } }
    }

    func pauseReading() { isPaused = true }
    func resumeReading() { isPaused = false }

    func close(_ code: CloseCode, reason: String) { closed = (code, reason) }

    func joined(_ room: RoomID, _ line: JSON) {
        seated[room] = (line.int("seat").map { .seat(Seat($0)) } ?? .watcher, line["secret"]?.string)
    }

    func stopReading() { isReading = false }

    /// - Returns: whether something had waited, so that the session is to be told.
    func readAgain() -> Bool {
        isReading = true
        return leave()
    }

    func flush() {
        if isReading { _ = leave() } else { hasRefused = true }
    }

    /// The peer stops reading, which shows when something is handed to the system.
    func refusesFromNowOn() { isReading = false }

    /// - Returns: whether anything did.
    private func leave() -> Bool {
        let waiting = unsent
        unsent = []
        unsentBytes = 0
        for (message, _) in waiting { deliver(message) }
        return !waiting.isEmpty
    }

    /// What was on its way is lost.
    func cut() {
        isCut = true
        unsent = []
        unsentBytes = 0
    }

    private func take(_ message: [UInt8], isBroadcast: Bool) {
        guard !isCut, closed == nil else { return }
        if isReading, !holdsTurn { return deliver(message) }
        unsent.append((message, isBroadcast))
        unsentBytes += message.count
        mostUnsentBytes = max(mostUnsentBytes, unsentBytes)
    }

    /// The payload behind the header, whose second byte says how long it is.
    private static func text(of message: EncodedMessage) -> [UInt8] {
        let header =
            switch message.bytes[1] & 0x7F {
            case 126: 4
            case 127: 10
            default: 2
            }
        return Array(message.bytes[header...])
    }
}
#endif
