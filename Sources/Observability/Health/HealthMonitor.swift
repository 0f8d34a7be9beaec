/// Knows how well the server is: says which checks are due, takes what they find, and judges.
///
/// A value without threads, clocks or I/O. The caller runs what `due` names on threads that may block, reports
/// `started` and `finished`, and calls back at `nextDeadline` at the latest. Times are monotonic, since an origin of the
/// caller's choosing.
public struct HealthMonitor: Sendable {
    /// Checks one server may have.
    public static let maxChecks = 256
    /// Changes kept for the report.
    public static let maxChanges = 100

    /// Time between two runs when one bad result waits for a second.
    private let confirm: Duration
    private var checks: [CheckState]
    private let places: [String: Int]
    /// In order of their first check.
    public let components: [String]
    /// The places of each component's checks.
    private let members: [[Int]]
    public private(set) var history: HealthHistory
    private var jitter: Jitter
    private var changes: [LevelChange] = []
    private let start: Duration

    /// What the stability score needs and health cannot see; the share of the last hour is filled in.
    public var stability = StabilityScore.Inputs()

    /// - Parameters:
    ///   - checks: at most `maxChecks`, ids unique; each is due at once.
    ///   - randomSeed: spreads the runs over time.
    public init(
        _ checks: [HealthCheck], at start: Duration, randomSeed: UInt64, confirm: Duration = .milliseconds(500)
    ) {
        precondition(checks.count <= Self.maxChecks, "too many health checks")
        precondition(Set(checks.map(\.id)).count == checks.count, "two health checks have the same id")
        self.confirm = confirm
        self.start = start
        self.checks = checks.map { CheckState($0, at: start) }
        places = Dictionary(uniqueKeysWithValues: checks.enumerated().map { ($1.id, $0) })
        var seen: Set<String> = []
        let components = checks.map(\.component).filter { seen.insert($0).inserted }
        self.components = components
        members = components.map { name in checks.indices.filter { checks[$0].component == name } }
        jitter = Jitter(seed: randomSeed)
        history = HealthHistory(
            components: components,
            values: self.checks.flatMap { state in
                state.measures.map { "\(state.check.id).\($0.name)" }
            }, at: start)
    }

    // MARK: What to do

    /// The checks to start now, in the order they became due.
    public func due(at now: Duration) -> [String] {
        checks.indices.filter { !checks[$0].isRunning && checks[$0].nextDue <= now }
            .sorted { checks[$0].nextDue < checks[$1].nextDue }.map { checks[$0].check.id }
    }

    /// When `due` or `expire` may next have something to say; nil without checks.
    public var nextDeadline: Duration? { checks.indices.lazy.compactMap { checks[$0].deadline }.min() }

    /// How far apart the checks of a component are now: the shortest interval among them.
    public func interval(of component: String) -> Duration? {
        states(of: component).map(\.interval.current).min()
    }

    /// The most failures in a row among a component's checks.
    public func consecutiveFailures(of component: String) -> Int {
        states(of: component).map(\.consecutiveFailures).max() ?? 0
    }

    /// What became of all runs of each check since the start.
    public var counts: [(check: String, component: String, counts: CheckCounts)] {
        checks.map { ($0.check.id, $0.check.component, $0.counts) }
    }

    private func states(of component: String) -> some Collection<CheckState> {
        (components.firstIndex(of: component).map { members[$0] } ?? []).lazy.map { checks[$0] }
    }

    // MARK: What happened

    public mutating func started(_ id: String, at now: Duration) {
        guard let place = places[id] else { return }
        history.advance(to: now)
        checks[place].started(at: now)
    }

    /// - Parameter took: from the start of the run to its end.
    /// - Returns: the changes of level it led to.
    public mutating func finished(
        _ id: String, _ reading: CheckReading, took: Duration, at now: Duration
    ) -> [LevelChange] {
        guard let place = places[id] else { return [] }
        history.advance(to: now)
        checks[place].finished(reading, took: took, at: now, confirm: confirm, jitter: &jitter)
        return settle(at: now)
    }

    /// Something crossed a watermark: the check is due at once, or a second after its last run.
    public mutating func hint(_ id: String, reason: String, at now: Duration) {
        guard let place = places[id] else { return }
        checks[place].hinted(reason, at: now)
    }

    /// Runs over their time and results too old become UNKNOWN.
    public mutating func expire(at now: Duration) -> [LevelChange] {
        history.advance(to: now)
        for place in checks.indices { checks[place].expire(at: now) }
        return settle(at: now)
    }

    /// Checks a component every second while what was done to mend it is verified.
    public mutating func setRecovering(_ component: String, _ isRecovering: Bool, at now: Duration) {
        for place in checks.indices where checks[place].check.component == component {
            checks[place].setRecovering(isRecovering, at: now)
        }
    }

    private mutating func settle(at now: Duration) -> [LevelChange] {
        var found: [LevelChange] = []
        for place in checks.indices {
            guard let (from, to) = checks[place].takeChange(at: now) else { continue }
            let check = checks[place].check
            found.append(
                LevelChange(
                    component: check.component, check: check.id, from: from, to: to,
                    reason: checks[place].reason(at: now), at: now, componentLevel: level(of: check.component),
                    overall: overall))
        }
        changes.append(contentsOf: found)
        changes.removeFirst(max(0, changes.count - Self.maxChanges))
        // By place: this runs several times a second, and a check is too large to be copied for a look at it.
        let levels = checks.indices.map { checks[$0].level }
        history.note(
            levels: [overall] + members.map { .worst($0.map { levels[$0] }) },
            values: checks.indices.flatMap { checks[$0].measures.map { Float($0.newest?.value ?? .nan) } }, at: now)
        return found
    }

    // MARK: Verdicts

    /// The worst of the component's checks; UNKNOWN for a component nobody checks.
    public func level(of component: String) -> HealthLevel {
        let levels = checks.lazy.filter { $0.check.component == component }.map(\.level)
        return levels.isEmpty ? .unknown : .worst(levels)
    }

    /// The level of one check; UNKNOWN when there is none of this id.
    public func level(ofCheck id: String) -> HealthLevel { places[id].map { checks[$0].level } ?? .unknown }

    /// The part of the server a check speaks for.
    public func component(ofCheck id: String) -> String? { places[id].map { checks[$0].check.component } }

    /// The worst of all, optional checks counting for a warning at most.
    public var overall: HealthLevel {
        Self.overall(checks.indices.lazy.map { (checks[$0].level, checks[$0].check.isCritical) })
    }

    static func overall(_ levels: some Sequence<(level: HealthLevel, isCritical: Bool)>) -> HealthLevel {
        .worst(levels.map { $0.level.weighed(isCritical: $0.isCritical) })
    }

    /// How quiet the last hour was, as of the last thing that was told.
    public var score: StabilityScore {
        var inputs = stability
        inputs.notHealthyShare = history.notHealthyShare
        return StabilityScore(inputs)
    }

    public func report(at now: Duration) -> HealthReport {
        var history = history
        history.advance(to: now)
        let reports = checks.map { CheckReport($0, at: now) }
        let levels = reports.map { (level: $0.level, isCritical: $0.isCritical) }
        var inputs = stability
        inputs.notHealthyShare = history.notHealthyShare
        return HealthReport(
            at: now, overall: Self.overall(levels),
            components: components.map { name in
                ComponentReport(name, reports.filter { $0.component == name }, since: start)
            },
            checks: reports, changes: changes, stability: StabilityScore(inputs), history: history)
    }
}
