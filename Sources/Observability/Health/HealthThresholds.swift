/// The bands of the standard checks: every number an operator may want to set differently.
public struct HealthThresholds: Sendable, Equatable {
    public var cpu: HealthBand
    public var memory: HealthBand
    public var disk: HealthBand
    public var connections: HealthBand
    public var pendingMessages: HealthBand
    public var openRatio: HealthBand
    public var deliveryRatio: HealthBand
    public var failureRatio: HealthBand
    public var errorRatio: HealthBand
    public var handlingSeconds: HealthBand
    public var roundTripSeconds: HealthBand
    public var httpSeconds: HealthBand
    public var httpSlowestSeconds: HealthBand
    public var storeSeconds: HealthBand
    public var storeErrorsPerMinute: HealthBand
    public var walBytes: HealthBand
    public var loopLagSeconds: HealthBand
    public var loopStillSeconds: HealthBand
    public var pluginFaultsPerMinute: HealthBand
    public var invariantViolationsPerMinute: HealthBand
    public var refusedRatio: HealthBand
    public var certificateDays: HealthBand
    public var selfTestSeconds: HealthBand
    public var logDropsPerMinute: HealthBand

    /// What the server comes with: the catalogue's bands where a metric carries one.
    public static let standard = HealthThresholds(
        cpu: HealthBand(of: MetricCatalogue.cpuRatio, warningHold: .seconds(30), criticalHold: .seconds(60)),
        memory: HealthBand(of: MetricCatalogue.memoryRatio),
        disk: HealthBand(
            of: MetricCatalogue.diskRatio, earlyWarning: .init(limit: 1, within: .seconds(24 * 3600))),
        // Nobody gets beyond the limit, so that being at it has to count.
        connections: HealthBand(.above, warning: 0.80, leaveWarning: 0.75, critical: 0.9999, leaveCritical: 0.95),
        pendingMessages: HealthBand(of: MetricCatalogue.pendingMessages),
        openRatio: HealthBand(.above, warning: 4, leaveWarning: 2),
        deliveryRatio: HealthBand(of: MetricCatalogue.deliveries),
        failureRatio: HealthBand(.above, critical: 0.10, leaveCritical: 0.08),
        errorRatio: HealthBand(
            of: MetricCatalogue.messageErrors, warningHold: .seconds(300), criticalHold: .seconds(120)),
        handlingSeconds: HealthBand(of: MetricCatalogue.messageSeconds),
        roundTripSeconds: HealthBand(of: MetricCatalogue.wsRoundTripSeconds),
        // The catalogue's warning is of the 95th percentile, its critical of the 99th: two values here.
        httpSeconds: HealthBand(.above, warning: 2, leaveWarning: 1.5),
        httpSlowestSeconds: HealthBand(.above, critical: 5, leaveCritical: 4),
        storeSeconds: HealthBand(of: MetricCatalogue.storeOperationSeconds),
        storeErrorsPerMinute: HealthBand(.above, warning: 0, critical: 5, leaveCritical: 1),
        walBytes: HealthBand(of: MetricCatalogue.storeWalBytes),
        loopLagSeconds: HealthBand(of: MetricCatalogue.loopLagSeconds),
        loopStillSeconds: HealthBand(.above, warning: 0.5, leaveWarning: 0.25, critical: 1.5, leaveCritical: 0.5),
        pluginFaultsPerMinute: HealthBand(of: MetricCatalogue.pluginExceptions),
        invariantViolationsPerMinute: HealthBand(.above, warning: 0, critical: 5, leaveCritical: 1),
        refusedRatio: HealthBand(.above, warning: 0.20, leaveWarning: 0.15, critical: 0.50, leaveCritical: 0.40),
        certificateDays: HealthBand(.below, warning: 14, leaveWarning: 15, critical: 3, leaveCritical: 4),
        selfTestSeconds: HealthBand(.above, warning: 1, leaveWarning: 0.5, critical: 4, leaveCritical: 2),
        logDropsPerMinute: HealthBand(.above, warning: 0, critical: 1000, leaveCritical: 100))
}
