import WebSocket

/// A guest's way out: its connection lives on another loop, its home. Lives on the room's loop.
final class HomeLink: Outlet {
    private let client: UInt64
    private let home: Int
    private let bridge: Bridge
    private let courier: Courier
    private let timeline: any Timeline
    /// Most bytes that may be on their way. Above it the connection is ended as a slow one.
    private let maxWaitingBytes: Int
    private var isOver = false
    private var isAwaited = false
    /// Since when the peer owes its home a sign of life.
    var askedAt: MonotonicTime?

    init(client: UInt64, home: Int, bridge: Bridge, services: LoopServices) {
        self.client = client
        self.home = home
        self.bridge = bridge
        courier = services.courier
        timeline = services.timeline
        maxWaitingBytes = services.configuration.slow.outboxBytes
    }

    func tell(_ news: GuestNews) {
        guard !isOver else { return }
        let bytes = news.bytes
        if bytes > 0 {
            guard bridge.waitingBytes + bytes <= maxWaitingBytes else {
                courier.send(.end(.slow), to: client, on: home)
                isOver = true
                return
            }
            bridge.sent(bytes)
        }
        courier.send(news, to: client, on: home)
    }

    func tell(isAwaited now: Bool) {
        guard now != isAwaited else { return }
        isAwaited = now
        tell(.awaited(now))
    }

    // MARK: As an outlet

    /// Whether its reader is slow, the home tells.
    var unsentBytes: Int { 0 }
    var refusedBytes: Int { 0 }
    /// Whether it is alive is watched over at home.
    var lastReceived: MonotonicTime { timeline.now }

    /// What waits in the connection's own outbox the home takes back.
    func takeBackBroadcasts() -> TakenBack { TakenBack() }
    func send(_ message: EncodedMessage) { tell(.message(message)) }
    func send(uncompressed text: [UInt8]) { tell(.text(text)) }
    func send(text: [UInt8]) { tell(.publicText(text)) }

    func pauseReading() { tell(.crowded(true)) }
    func resumeReading() { tell(.crowded(false)) }

    func flush() {}

    /// When it has to be looked after, the home knows.
    func wake(at instant: MonotonicTime?) {}

    func close(_ code: CloseCode, reason: String) {
        tell(.close(code, reason: reason))
        isOver = true
    }
}
