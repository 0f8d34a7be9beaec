import WebSocket

/// A session's way out: a connection in production, a queue in simulation.
protocol Outlet: AnyObject {
    /// What waits for the peer because it does not read.
    var unsentBytes: Int { get }
    /// The part of it that the system has refused to take so far.
    var refusedBytes: Int { get }
    /// When the last byte came.
    var lastReceived: MonotonicTime { get }

    /// Takes back the shared messages at the end of what the system has refused, none of which has begun to leave.
    func takeBackBroadcasts() -> TakenBack
    func send(_ message: EncodedMessage)
    /// Compressed, if the client agreed to it and it is worth it.
    func send(text: [UInt8])
    /// Never compressed.
    func send(uncompressed text: [UInt8])
    /// Has the session woken once, at or soon after a time; the last call counts, nil forgets it.
    func wake(at instant: MonotonicTime?)
    /// Has the peer send no more for a while; what was read already still comes.
    func pauseReading()
    func resumeReading()
    /// Hands what is held back to the system now, as far as it takes it.
    func flush()
    func close(_ code: CloseCode, reason: String)
}

extension Connection: Outlet {}
