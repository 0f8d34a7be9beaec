import Observability
import WebSocket

/// The last minute, second by second: counters as they stood, so that what happened lately is a difference.
struct SignalWindow {
    /// Counters at one moment.
    struct Sample {
        var at = Duration.zero
        var delivered = 0
        var undelivered = 0
        var collapsed = 0
        var commands = 0
        var serverErrors = 0
        var faults: [String: Int] = [:]
        var violations: [String: Int] = [:]
        var requests = 0
        var rateRefused = 0
        var storeErrors = 0
        var logDropped = 0
        var lag: HistogramSnapshot
        var handshakes: HistogramSnapshot
        var handling: HistogramSnapshot
        var roundTrips: HistogramSnapshot
        var http: HistogramSnapshot
    }

    private static let span = Duration.seconds(60)
    private static let hour = Duration.seconds(3600)
    /// What recovery decides and judges by has to show an effect soon.
    private static let lately = Duration.seconds(15)

    private var samples: [Sample] = []
    /// Of the last hour, a minute apart or more.
    private var minutes: [(at: Duration, errors: Int, messages: Int)] = []
    private var baseline: ReconnectBaseline
    /// Each loop as of its last pulse.
    private(set) var loops: [LoopBoard.Reading] = []
    private(set) var troubles: [LoopBoard.Trouble] = []
    private(set) var opensPerMinute = 0.0
    private(set) var openRatio = 0.0

    /// - Parameter stormFloor: opens a minute up to which it is never a storm.
    init(stormFloor: Int = 50) {
        var settings = ReconnectBaseline.Settings()
        settings.floor = Double(stormFloor)
        baseline = ReconnectBaseline(settings)
    }

    mutating func look(_ metrics: Observability.Metrics, boards: [LoopBoard], at now: Duration) {
        refresh(boards)
        let opened = metrics.wsConnectionsOpened.value
        baseline.observe(total: opened, at: now)
        opensPerMinute = baseline.opensPerMinute(at: now)
        openRatio = baseline.ratio(at: now)
        guard samples.last.map({ now - $0.at >= .seconds(1) }) ?? true else { return }
        samples.append(Self.sample(metrics, troubles, at: now))
        let old = samples.firstIndex { now - $0.at <= Self.span } ?? samples.count
        // One older than the span stays: the difference to it covers all of it.
        samples.removeFirst(max(0, old - 1))
        guard let newest, minutes.last.map({ now - $0.at >= Self.span }) ?? true else { return }
        minutes.append((at: now, errors: newest.serverErrors, messages: newest.requests))
        let oldMinute = minutes.firstIndex { now - $0.at <= Self.hour } ?? minutes.count
        minutes.removeFirst(max(0, oldMinute - 1))
    }

    /// Takes up what the loops have put up since, between two looks.
    mutating func refresh(_ boards: [LoopBoard]) {
        loops = boards.map(\.reading)
        troubles = boards.map(\.troubles)
    }

    private static func sample(
        _ metrics: Observability.Metrics, _ troubles: [LoopBoard.Trouble], at now: Duration
    ) -> Sample {
        var sample = Sample(
            lag: metrics.loopLagSeconds.snapshot(), handshakes: metrics.wsHandshakeSeconds.snapshot(),
            handling: metrics.messageSeconds.snapshot(), roundTrips: metrics.wsRoundTripSeconds.snapshot(),
            http: metrics.httpRequestSeconds.snapshot())
        sample.at = now
        sample.delivered = metrics.deliveries.value(.ok)
        sample.undelivered = metrics.deliveries.value(.failed)
        sample.collapsed = metrics.deliveries.value(.collapsed)
        sample.commands = metrics.commands.total
        sample.serverErrors = metrics.messageErrors.value(.server)
        sample.requests = metrics.messages.value(.in)
        sample.rateRefused = metrics.rateLimited.value(.connection)
        sample.storeErrors = metrics.storeErrors.total
        sample.logDropped = metrics.logDropped.total
        for trouble in troubles {
            sample.faults.merge(trouble.faults, uniquingKeysWith: +)
            sample.violations.merge(trouble.violations, uniquingKeysWith: +)
        }
        return sample
    }

    private var oldest: Sample? { samples.first }
    private var newest: Sample? { samples.last }

    /// What a counter gained in the last minute, or lately.
    func gained(isLately: Bool = false, _ counter: (Sample) -> Int) -> Int {
        guard let newest,
            let first = isLately ? samples.last(where: { newest.at - $0.at >= Self.lately }) ?? oldest : oldest
        else { return 0 }
        return counter(newest) - counter(first)
    }

    /// What a histogram was given in the last minute.
    func recent(_ histogram: (Sample) -> HistogramSnapshot) -> HistogramSnapshot? {
        guard let oldest, let newest, samples.count > 1 else { return nil }
        return histogram(newest).subtracting(histogram(oldest))
    }

    /// Share of deliveries that went to connections that no longer answer; nil when nothing was delivered.
    var failureRatio: Double? { ratio(gained { $0.undelivered }, of: gained { $0.delivered + $0.undelivered }) }

    /// The same of the last seconds.
    var failureRatioLately: Double? {
        ratio(
            gained(isLately: true) { $0.undelivered }, of: gained(isLately: true) { $0.delivered + $0.undelivered })
    }

    var deliveryRatio: Double? {
        let handed = gained { $0.delivered }
        return ratio(handed, of: handed + gained { $0.undelivered + $0.collapsed })
    }

    /// Share of commands that failed by our fault.
    var errorRatio: Double? { ratio(gained { $0.serverErrors }, of: gained { $0.commands }) }

    /// How fast the last hour used up the errors the service level allows; 1 uses them up exactly in its period.
    var burnRate: Double {
        guard let newest, let first = minutes.first else { return 0 }
        let errors = ratio(newest.serverErrors - first.errors, of: newest.requests - first.messages)
        return (errors ?? 0) / MetricCatalogue.errorBudget
    }

    var refusedRatio: Double? { ratio(gained { $0.rateRefused }, of: gained { $0.requests }) }

    private func ratio(_ part: Int, of whole: Int) -> Double? {
        // Too few to say anything: one of three is no third.
        whole < 10 ? nil : Double(part) / Double(whole)
    }

    /// Faults of a game or a middleware in the last minute, those of this moment included.
    func faultsPerMinute(of plugin: String) -> Int {
        troubles.reduce(0) { $0 + $1.faults[plugin, default: 0] } - (oldest?.faults[plugin] ?? 0)
    }

    func violationsPerMinute(of game: String) -> Int {
        troubles.reduce(0) { $0 + $1.violations[game, default: 0] } - (oldest?.violations[game] ?? 0)
    }
}
