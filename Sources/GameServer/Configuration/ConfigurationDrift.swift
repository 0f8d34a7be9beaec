/// Compares the configuration that runs with what its sources say now: what a restart would find.
struct ConfigurationDrift: Sendable {
    let running: Configuration
    /// Reads file, environment and flags again.
    let reload: @Sendable () throws(ConfigurationError) -> Configuration

    /// A sentence for each thing a restart would do otherwise; empty when it would change nothing. Names keys and never
    /// the value of a secret.
    var problems: [String] {
        let next: Configuration
        do { next = try reload() } catch { return ["a restart would fail: \(error)"] }
        return ConfigurationKey.all.filter { $0.read(running) != $0.read(next) }
            .map { "a restart would change \($0.path)" }
    }
}
