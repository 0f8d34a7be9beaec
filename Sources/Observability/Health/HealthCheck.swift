/// One thing that is looked at now and then, and how what it finds is judged.
public struct HealthCheck: Sendable, Equatable {
    /// Unique among the checks; also its key in reports.
    public var id: String
    /// What the values are called in reports.
    public var name: String
    /// The part of the server it speaks for. Several checks may share one.
    public var component: String
    /// Whether the whole server is out of service when this is; an optional check counts for a warning at most.
    public var isCritical: Bool
    public var bounds: IntervalBounds
    /// A run that takes longer is UNKNOWN, and the check is not started again until it returns.
    public var timeout: Duration
    public var bands: [String: HealthBand]
    public var agreement: Agreement
    /// Measurements of which one result is enough.
    public var hard: Set<String>

    /// The name under which a check's own verdict is judged, for `hard`.
    public static let verdict = "verdict"

    public init(
        id: String, name: String? = nil, component: String, isCritical: Bool, bounds: IntervalBounds = .standard,
        timeout: Duration = .seconds(5), bands: [String: HealthBand] = [:], agreement: Agreement = .standard,
        hard: Set<String> = []
    ) {
        self.id = id
        self.name = name ?? id
        self.component = component
        self.isCritical = isCritical
        self.bounds = bounds
        self.timeout = timeout
        self.bands = bands
        self.agreement = agreement
        self.hard = hard
    }

    /// How many results it takes to change a level.
    public struct Agreement: Sendable, Equatable {
        /// Results at or beyond a level, of the newest `of`, that enter it.
        public var needed: Int
        public var of: Int
        /// Results in a row on the good side of the leave threshold that take the level down one step.
        public var toLeave: Int

        public init(needed: Int, of: Int, toLeave: Int) {
            precondition(needed >= 1 && of >= needed && toLeave >= 1)
            self.needed = needed
            self.of = of
            self.toLeave = toLeave
        }

        /// 2 of 3 in, 3 in a row out.
        public static let standard = Agreement(needed: 2, of: 3, toLeave: 3)
        /// 1 of 1 in, 3 in a row out.
        public static let hard = Agreement(needed: 1, of: 1, toLeave: 3)
    }
}

/// How often a check may run.
public struct IntervalBounds: Sendable, Equatable {
    /// Where it starts, and where an error or timeout puts it back to.
    public var base: Duration
    public var floor: Duration
    public var ceiling: Duration
    /// Factor after a result that is not healthy.
    public var shrink: Double
    /// Factor after more than `growAfter` healthy results in a row.
    public var growth: Double
    public var growAfter: Int
    /// Longest interval at a level; nil for none.
    public var warningCap: Duration?
    public var criticalCap: Duration?

    /// Between checks while a recovery of the component is verified.
    public static let recovering: Duration = .seconds(1)

    public init(
        base: Duration, floor: Duration, ceiling: Duration, shrink: Double = 0.5, growth: Double = 1.2,
        growAfter: Int = 5, warningCap: Duration? = .seconds(60), criticalCap: Duration? = .seconds(30)
    ) {
        precondition(floor > .zero && floor <= base && base <= ceiling && growth >= 1 && shrink > 0 && shrink <= 1)
        self.base = base
        self.floor = floor
        self.ceiling = ceiling
        self.shrink = shrink
        self.growth = growth
        self.growAfter = growAfter
        self.warningCap = warningCap
        self.criticalCap = criticalCap
    }

    /// Base 30 s, floor 10 s, ceiling 120 s.
    public static let standard = IntervalBounds(base: .seconds(30), floor: .seconds(10), ceiling: .seconds(120))

    func cap(_ level: HealthLevel) -> Duration? {
        switch level {
        case .warning: warningCap
        case .critical: criticalCap
        case .healthy, .unknown: nil
        }
    }
}
