import PluginAPI
import WebSocket

/// Refuses what comes faster than a connection may ask, and ends one that does not listen.
///
/// - Source: docs/PROTOCOL.md, "Limits".
final class RateLimiting: Middleware {
    let name = "rate_limiting"
    let interests: MiddlewareHooks = [.accept, .receive]

    /// What is left of one connection's allowance.
    private final class Allowance {
        var limiter = RequestLimiter()
    }

    private let limits: Configuration.Limits
    private let rates: RequestLimiter.Rates
    private let position: Int
    private let admission: Admission
    private let now: () -> MonotonicTime
    private let onRefusal: () -> Void

    /// - Parameters:
    ///   - position: where it keeps its note about a connection.
    ///   - onRefusal: called for each message it refuses.
    init(
        _ limits: Configuration.Limits, position: Int, admission: Admission, now: @escaping () -> MonotonicTime,
        onRefusal: @escaping () -> Void = {}
    ) {
        self.limits = limits
        rates = RequestLimiter.Rates(limits)
        self.position = position
        self.admission = admission
        self.now = now
        self.onRefusal = onRefusal
    }

    func accept(_ visit: Visit) -> AcceptVerdict { admission.verdict(at: now()) }

    func receive(_ message: InboundMessage) -> ReceiveVerdict {
        let now = MonotonicTime(nanoseconds: message.now.nanoseconds)
        let allowance = message.client.note(at: position) { Allowance() }
        // Every message counts, be it empty or too large, and every further object in it.
        guard allowance.limiter.takeAny(of: rates, at: now) else { return refused(.close(.abuse)) }
        guard message.form == .object else { return .pass }
        if message.type == "resync" {
            guard let ms = allowance.limiter.takeResync(of: rates, at: now) else { return .pass }
            return refused(.refuse(Rejection.rateLimited(retryMs: ms).refusal, retryMs: ms))
        }
        guard RequestLimiter.counts(message.type) else { return .pass }
        switch allowance.limiter.takeRequest(of: rates, at: now) {
        case .granted: return .pass
        case .wait(let ms, let isHalfway):
            let refusal = Rejection.rateLimited(retryMs: ms).refusal
            return refused(.refuse(refusal, retryMs: ms, warning: isHalfway ? warning : nil))
        case .abuse: return refused(.close(.abuse))
        }
    }

    private func refused(_ verdict: ReceiveVerdict) -> ReceiveVerdict {
        onRefusal()
        return verdict
    }

    private var warning: String {
        "\(limits.ratePerS) requests a second: after \(limits.refusalsBeforeClose) refusals in a row it ends"
    }
}
