/// How well a part of the server is. The numbers are API: metrics and stored reports carry them.
public enum HealthLevel: Int, CaseIterable, Sendable {
    case healthy = 0
    /// Something approaches its limit; players notice nothing yet.
    case warning = 1
    /// A limit is passed; players notice, or soon will.
    case critical = 2
    /// Nobody can tell: no result yet, a check that failed or timed out, a result too old. Never assumed healthy.
    case unknown = 3

    /// As exposed: the case in lower case.
    public var name: String { "\(self)" }

    /// The word of the `application/health+json` draft.
    public var draftStatus: String {
        switch self {
        case .healthy: "pass"
        case .warning: "warn"
        case .critical, .unknown: "fail"
        }
    }

    /// Place in the order of badness: not knowing is worse than a warning, knowing the worst is worse still.
    var severity: Int {
        switch self {
        case .healthy: 0
        case .warning: 1
        case .unknown: 2
        case .critical: 3
        }
    }

    /// The level one step nearer to healthy.
    var relieved: HealthLevel { self == .critical ? .warning : .healthy }

    /// The worst of several; healthy for none.
    public static func worst(_ levels: some Sequence<HealthLevel>) -> HealthLevel {
        levels.max { $0.severity < $1.severity } ?? .healthy
    }

    /// What this level counts for in the verdict on the whole server: an optional part never takes it out of service.
    func weighed(isCritical: Bool) -> HealthLevel { isCritical || self == .healthy ? self : .warning }
}
