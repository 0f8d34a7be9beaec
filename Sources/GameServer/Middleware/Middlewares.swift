import PluginAPI
import WebSocket

/// The middleware of one loop, in order, and for each hook only those that want it: a hook nobody wants costs a look at
/// an empty list. Lives on the loop.
final class Middlewares {
    /// Every so many calls one is timed; a power of two.
    private static let callsPerSample = 64

    private struct Link {
        let middleware: any Middleware
        let name: String
        var isSetAside = false
    }

    /// When those that threw since they were last made anew or set aside did so last, by name.
    private var faulted: [String: MonotonicTime] = [:]
    private var links: [Link]
    private var accepting: [any Middleware] = []
    private var receiving: [any Middleware] = []
    private var attaching: [any Middleware] = []
    private var committing: [any Middleware] = []
    private var delivering: [any Middleware] = []
    private var acknowledging: [any Middleware] = []
    private var lagging: [any Middleware] = []
    private var dropping: [any Middleware] = []
    private var resuming: [any Middleware] = []
    private var stalling: [any Middleware] = []
    private var recovering: [any Middleware] = []
    private var detaching: [any Middleware] = []
    private var closing: [any Middleware] = []
    private var calls = 0
    /// The clock that faults are dated by.
    var now: () -> MonotonicTime = { .now() }
    /// Told of one that threw: its name and what it threw.
    var onFault: (_ name: String, _ hook: String, any Error) -> Void = { _, _, _ in }
    /// Told how long a call took, now and then.
    var onSample: (_ name: String, Elapsed) -> Void = { _, _ in }

    /// - Parameter all: in order; no two of the same name.
    init(_ all: [any Middleware]) {
        links = all.map { Link(middleware: $0, name: $0.name) }
        arrange()
    }

    /// Names in order, with the hooks of each and whether it is set aside; for operators.
    var list: [(name: String, hooks: MiddlewareHooks, isSetAside: Bool)] {
        links.map { ($0.name, $0.middleware.interests, $0.isSetAside) }
    }

    /// Takes one out of the chain, or back into it.
    ///
    /// - Returns: false when there is none of this name.
    @discardableResult func setAside(_ name: String, _ isSetAside: Bool) -> Bool {
        guard let index = links.firstIndex(where: { $0.name == name }) else { return false }
        links[index].isSetAside = isSetAside
        faulted[name] = nil
        arrange()
        return true
    }

    /// Puts a fresh one in the place of one that failed.
    func replace(_ name: String, by fresh: any Middleware) {
        guard let index = links.firstIndex(where: { $0.name == name }) else { return }
        links[index] = Link(middleware: fresh, name: name)
        faulted[name] = nil
        arrange()
    }

    /// Whether it threw lately, and has not been made anew or set aside since.
    func hasFaulted(_ name: String, within span: Duration) -> Bool {
        faulted[name].map { now() - $0 <= span } ?? false
    }

    private func arrange() {
        func interested(in hook: MiddlewareHooks) -> [any Middleware] {
            links.filter { !$0.isSetAside && $0.middleware.interests.contains(hook) }.map(\.middleware)
        }
        accepting = interested(in: .accept)
        receiving = interested(in: .receive)
        attaching = interested(in: .attach)
        committing = interested(in: .commit)
        delivering = interested(in: .deliver)
        acknowledging = interested(in: .acknowledge)
        lagging = interested(in: .lag)
        dropping = interested(in: .drop)
        resuming = interested(in: .resume)
        stalling = interested(in: .stall)
        recovering = interested(in: .recover)
        detaching = interested(in: .detach)
        closing = interested(in: .close)
    }

    // MARK: Guards

    /// The first refusal, or `pass`. A guard that throws has not refused.
    func accept(_ visit: Visit) -> AcceptVerdict {
        for middleware in accepting {
            let started = sample()
            do {
                let verdict = try middleware.accept(visit)
                if let started { timed(middleware, since: started) }
                if verdict != .pass { return verdict }
            } catch {
                failed(middleware, "accept", error)
            }
        }
        return .pass
    }

    func receive(_ message: InboundMessage) -> ReceiveVerdict {
        for middleware in receiving {
            let started = sample()
            do {
                let verdict = try middleware.receive(message)
                if let started { timed(middleware, since: started) }
                if case .pass = verdict { continue }
                return verdict
            } catch {
                failed(middleware, "receive", error)
            }
        }
        return .pass
    }

    // MARK: Observers

    func attach(_ fact: @autoclosure () -> Membership) {
        tell(attaching, "attach", fact) { try $0.attach($1) }
    }

    func commit(_ fact: @autoclosure () -> Commit) {
        tell(committing, "commit", fact) { try $0.commit($1) }
    }

    func deliver(_ fact: @autoclosure () -> Delivery) {
        tell(delivering, "deliver", fact) { try $0.deliver($1) }
    }

    func acknowledge(_ fact: @autoclosure () -> Acknowledgement) {
        tell(acknowledging, "acknowledge", fact) { try $0.acknowledge($1) }
    }

    func lag(_ fact: @autoclosure () -> Lag) {
        tell(lagging, "lag", fact) { try $0.lag($1) }
    }

    func drop(_ fact: @autoclosure () -> Membership) {
        tell(dropping, "drop", fact) { try $0.drop($1) }
    }

    func resume(_ fact: @autoclosure () -> Resumption) {
        tell(resuming, "resume", fact) { try $0.resume($1) }
    }

    func stall(_ fact: @autoclosure () -> Stall) {
        tell(stalling, "stall", fact) { try $0.stall($1) }
    }

    func recover(_ fact: @autoclosure () -> Recovery) {
        tell(recovering, "recover", fact) { try $0.recover($1) }
    }

    func detach(_ fact: @autoclosure () -> Membership) {
        tell(detaching, "detach", fact) { try $0.detach($1) }
    }

    func close(_ fact: @autoclosure () -> Departure) {
        tell(closing, "close", fact) { try $0.close($1) }
    }

    @inline(__always)
    private func tell<Fact>(
        _ interested: [any Middleware], _ hook: String, _ fact: () -> Fact,
        _ call: (any Middleware, Fact) throws -> Void
    ) {
        guard !interested.isEmpty else { return }
        let fact = fact()
        for middleware in interested {
            let started = sample()
            do { try call(middleware, fact) } catch { failed(middleware, hook, error) }
            if let started { timed(middleware, since: started) }
        }
    }

    @inline(never)
    private func failed(_ middleware: any Middleware, _ hook: String, _ error: any Error) {
        faulted[middleware.name] = now()
        onFault(middleware.name, hook, error)
    }

    /// Now, when the next call is to be timed.
    @inline(__always)
    private func sample() -> MonotonicTime? {
        calls &+= 1
        return calls & (Self.callsPerSample - 1) == 0 ? MonotonicTime.now() : nil
    }

    @inline(never)
    private func timed(_ middleware: any Middleware, since started: MonotonicTime) {
        onSample(middleware.name, Elapsed(from: started, to: .now()))
    }
}
