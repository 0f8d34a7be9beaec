import Synchronization

/// Who may open a connection: how many at once and how many a second, of all and of each address.
///
/// One for all loops that share their ceilings. Its lock is taken when a connection opens or ends, never for a message.
/// Its memory is bounded: an address is remembered while it has a connection, or for the second in which what it opened
/// still counts.
public final class Doorkeeper: Sendable {
    /// Why a connection may not stay.
    public enum Refusal: Sendable, Equatable, CaseIterable {
        /// `maxConnections` are open.
        case full
        /// `maxOpensPerSecond` were opened.
        case tooFast
        /// Its address has `maxConnectionsPerAddress` open.
        case addressFull
        /// Its address opened `maxOpensPerAddressPerSecond`.
        case addressTooFast
    }

    public enum Verdict: Sendable, Equatable {
        /// It counts for this network, if for any; give it back with `leave`.
        case admitted(ClientNetwork?)
        case refused(Refusal)
    }

    private struct Known {
        var open = 0
        /// Up to when what it opened uses up its rate.
        var paidUntil = MonotonicTime(nanoseconds: .min)
    }

    private struct State {
        var open = 0
        var paidUntil = MonotonicTime(nanoseconds: .min)
        var known: [ClientNetwork: Known] = [:]
        var sweepAfter = MonotonicTime(nanoseconds: .min)
    }

    /// Most addresses remembered that have no connection. Above it newcomers are not counted by address.
    static let maxAbsent = 65_536

    private let state = Mutex(State())
    private let handshakesUnderWay = Atomic(0)
    private let maxConnections: Int
    private let maxPerAddress: Int
    private let rate: OpeningRate?
    private let addressRate: OpeningRate?
    /// Peers that speak for others: they are counted by the address they name, once they named it.
    public let proxies: AddressList
    private let uncounted: AddressList

    /// - Parameters:
    ///   - proxies: whose word on a client's address is believed.
    ///   - uncounted: whom no ceiling of single addresses concerns.
    public init(_ limits: Limits, proxies: AddressList = AddressList(), uncounted: AddressList = AddressList()) {
        maxConnections = limits.maxConnections
        maxPerAddress = limits.maxConnectionsPerAddress > 0 ? limits.maxConnectionsPerAddress : .max
        rate = OpeningRate(perSecond: limits.maxOpensPerSecond)
        addressRate = OpeningRate(perSecond: limits.maxOpensPerAddressPerSecond)
        self.proxies = proxies
        self.uncounted = uncounted
    }

    /// Connections that were let in and have not left.
    public var open: Int { state.withLock { $0.open } }

    /// TLS handshakes under way, those of connections on their way to another loop among them.
    var handshakes: Int { handshakesUnderWay.load(ordering: .relaxed) }

    func handshakeBegins() { handshakesUnderWay.wrappingAdd(1, ordering: .relaxed) }
    func handshakeEnds() { handshakesUnderWay.wrappingSubtract(1, ordering: .relaxed) }

    /// Addresses remembered.
    public var knownAddresses: Int { state.withLock { $0.known.count } }

    /// A connection has come. A proxy's is counted by address only once `identify` says whose it is.
    ///
    /// - Parameter address: nil for a peer of a Unix-domain socket.
    public func enter(_ address: IPAddress?, at now: MonotonicTime) -> Verdict {
        state.withLock { state in
            // The address comes first: what one of them may not do uses up nothing of what is there for all.
            let network = proxies.contains(address) ? nil : counted(address)
            if state.open >= maxConnections { return .refused(.full) }
            if let refusal = objection(to: network, &state, now) { return .refused(refusal) }
            if let rate, !rate.admits(state.paidUntil, at: now) { return .refused(.tooFast) }
            rate?.pay(&state.paidUntil, at: now)
            state.open += 1
            return .admitted(book(network, &state, now))
        }
    }

    /// A connection that is in turns out to be of this client.
    public func identify(as address: IPAddress?, at now: MonotonicTime) -> Verdict {
        guard !proxies.contains(address), let network = counted(address) else { return .admitted(nil) }
        return state.withLock { state in
            if let refusal = objection(to: network, &state, now) { return .refused(refusal) }
            return .admitted(book(network, &state, now))
        }
    }

    /// A connection has ended.
    public func leave(_ network: ClientNetwork?, at now: MonotonicTime) {
        state.withLock { state in
            state.open -= 1
            guard let network else { return }
            state.known[network]?.open -= 1
            if let known = state.known[network], known.open == 0, known.paidUntil <= now { state.known[network] = nil }
        }
    }

    private func counted(_ address: IPAddress?) -> ClientNetwork? {
        guard let address, maxPerAddress < .max || addressRate != nil, !uncounted.contains(address) else { return nil }
        return ClientNetwork(address)
    }

    private func objection(to network: ClientNetwork?, _ state: inout State, _ now: MonotonicTime) -> Refusal? {
        guard let network, let known = state.known[network] else { return nil }
        if known.open >= maxPerAddress { return .addressFull }
        if let addressRate, !addressRate.admits(known.paidUntil, at: now) { return .addressTooFast }
        return nil
    }

    /// - Returns: the network, if it could be counted.
    private func book(_ network: ClientNetwork?, _ state: inout State, _ now: MonotonicTime) -> ClientNetwork? {
        guard let network, hasPlace(for: network, &state, now) else { return nil }
        state.known[network, default: Known()].open += 1
        addressRate?.pay(&state.known[network, default: Known()].paidUntil, at: now)
        return network
    }

    private func hasPlace(for network: ClientNetwork, _ state: inout State, _ now: MonotonicTime) -> Bool {
        let most = state.open + Self.maxAbsent
        if state.known.count < most || state.known[network] != nil { return true }
        if now >= state.sweepAfter {
            state.sweepAfter = now + .seconds(1)
            state.known = state.known.filter { $0.value.open > 0 || $0.value.paidUntil > now }
        }
        return state.known.count < most
    }
}

/// So many openings a second in the long run, and a second's worth at once.
///
/// - Source: ITU-T I.371, "generic cell rate algorithm".
private struct OpeningRate {
    private let interval: Duration

    /// - Parameter perSecond: 0 for no limit.
    init?(perSecond: Int) {
        guard perSecond > 0 else { return nil }
        interval = .nanoseconds(1_000_000_000 / perSecond)
    }

    func admits(_ paidUntil: MonotonicTime, at now: MonotonicTime) -> Bool {
        paidUntil <= now || paidUntil - now + interval <= .seconds(1)
    }

    func pay(_ paidUntil: inout MonotonicTime, at now: MonotonicTime) {
        paidUntil = max(paidUntil, now) + interval
    }
}

extension RequestRefusal {
    /// A client that opens too many hears 429, one that comes when the place is full 503.
    ///
    /// - Source: RFC 6585 §4; RFC 9110 §15.6.4.
    init(_ refusal: Doorkeeper.Refusal) {
        let later = [("Retry-After", "5")]
        switch refusal {
        case .full: self.init(503, "as many connections are open as may be", later)
        case .tooFast: self.init(503, "too many connect at once", later)
        case .addressFull: self.init(429, "this address has as many connections as it may", later)
        case .addressTooFast: self.init(429, "this address connects too often", later)
        }
    }
}
