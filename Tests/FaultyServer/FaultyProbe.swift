import PluginAPI

/// Looks after nothing, and says of it what it was told to say.
struct FaultyProbe: HealthProbe {
    struct Broken: Error {}

    let id = "faulty-dependency"
    let interval = Duration.seconds(1)
    let timeout = Duration.seconds(1)

    func measure() throws -> ProbeReading {
        switch Mischief.current.awaitMood() {
        case .healthy: return .healthy("as it was told", [.init("mischief", 0, unit: "ratio")])
        case .warning: return .warning("as it was told", [.init("mischief", 0.5, unit: "ratio")])
        case .critical: return .critical("as it was told", [.init("mischief", 1, unit: "ratio")])
        case .fail, .hang: throw Broken()
        }
    }
}
