import PluginAPI
import WebSocket

/// What the core counts beside the hooks of middleware. Called on the loop; never blocks, never fails, never reaches a
/// client.
protocol ServerObserver: AnyObject {
    func sessionOpened()
    /// A client is not read for a while: rooms or the store do not keep up with it.
    func readingPaused()
    func sessionClosed()
    /// - Parameters:
    ///   - code: nil for `ok`; "repeated" for an `ok` told once more; else the refusal's code.
    ///   - room: of somebody in it who was refused.
    func requestAnswered(code: String?, in room: Room?)
    /// One message in so many: how long it took to handle.
    func messageHandled(_ type: String, _ took: Elapsed)
    /// A ping of ours was answered, so long after it left.
    func pongReceived(after roundTrip: Elapsed)
    /// Somebody is let in, so long after the connection was accepted.
    func visitAccepted(after waited: Duration)
    /// Somebody was not let in.
    func visitRefused(_ reason: AcceptVerdict.Reason)
    /// A middleware threw.
    func middlewareFault(_ name: String, hook: String, _ error: any Error)
    /// How long a middleware took, now and then.
    func middlewareSample(_ name: String, _ took: Elapsed)
}

extension ServerObserver {
    func requestAnswered(code: String?) { requestAnswered(code: code, in: nil) }
}
