/// A check's level became another one.
public struct LevelChange: Sendable, Equatable {
    public var component: String
    public var check: String
    public var from: HealthLevel
    public var to: HealthLevel
    /// What was seen, in words: `memory_utilization 92.1 % is above 90 %`.
    public var reason: String
    public var at: Duration
    /// The component's level after the change.
    public var componentLevel: HealthLevel
    /// The whole server's level after the change.
    public var overall: HealthLevel
}
