/// The checks every server has, as data. What runs them measures the values named here.
public enum StandardChecks {
    public static let cpu = "cpu"
    public static let memory = "memory"
    public static let disk = "disk"
    public static let websocket = "websocket"
    public static let latency = "latency"
    public static let database = "database"
    public static let loops = "loops"
    public static let rateLimiter = "rate_limiter"
    public static let configuration = "configuration"
    public static let certificate = "certificate"
    public static let selfTest = "self_test"
    public static let logging = "logging"

    /// The check, and component, of one game.
    public static func game(_ plugin: String) -> String { "game:\(plugin)" }

    /// Names of the measured values; those without a band are shown, not judged.
    public enum Value {
        /// Ratios, 0 to 1.
        public static let cpu = "cpu_utilization"
        public static let memory = "memory_utilization"
        public static let disk = "disk_utilization"
        /// Bytes, shown only.
        public static let memoryAvailable = "memory_available"
        public static let diskFree = "disk_free"
        /// Open connections, shown only, and their share of the limit.
        public static let connections = "connections"
        public static let connectionsRatio = "connections_ratio"
        /// Messages that have waited for more than a second.
        public static let pending = "pending"
        /// Connections opened in the last minute against what is usual.
        public static let openRatio = "open_ratio"
        /// Ratios since the last run; left out when nothing was sent.
        public static let deliveryRatio = "delivery_ratio"
        public static let failureRatio = "failure_ratio"
        public static let errorRatio = "error_ratio"
        /// Seconds since the last run; left out when there were none.
        public static let handling = "handling_p95"
        public static let roundTrip = "round_trip_p95"
        public static let http = "http_p95"
        public static let httpSlowest = "http_p99"
        /// 1 when it answers, else 0; one result is enough.
        public static let reachable = "reachable"
        public static let response = "response"
        public static let wal = "wal"
        public static let errors = "errors_per_minute"
        public static let chainBreaks = "chain_breaks"
        /// Seconds: the lag's 99th percentile, and since the loop that has stood still longest has turned.
        public static let lag = "lag_p99"
        public static let still = "still"
        public static let faults = "faults_per_minute"
        public static let violations = "invariant_violations_per_minute"
        public static let refused = "refused_ratio"
        /// Settings in trouble: unknown, invalid, or different from what runs.
        public static let problems = "problems"
        public static let daysLeft = "days_left"
        public static let roundTripOfTest = "round_trip"
        public static let dropped = "dropped_per_minute"
    }

    /// - Parameters:
    ///   - plugins: ids of the games installed; each gets a check and a component of its own.
    ///   - hasCertificate: whether the server speaks TLS itself.
    public static func all(
        _ bands: HealthThresholds = .standard, bounds: IntervalBounds = .standard, plugins: [String] = [],
        hasCertificate: Bool = false
    ) -> [HealthCheck] {
        let isZero = HealthBand(.above, warning: 0)
        let isOne = HealthBand(.below, critical: 0.5)
        var checks = [
            HealthCheck(
                id: cpu, name: "cpu_usage", component: "system", isCritical: true, bounds: bounds,
                bands: [Value.cpu: bands.cpu]),
            HealthCheck(
                id: memory, name: "memory_usage", component: "system", isCritical: true, bounds: bounds,
                bands: [Value.memory: bands.memory]),
            HealthCheck(
                id: disk, name: "disk_usage", component: "system", isCritical: true, bounds: bounds,
                bands: [Value.disk: bands.disk]),
            HealthCheck(
                id: websocket, component: "websocket", isCritical: true, bounds: bounds,
                bands: [
                    Value.connectionsRatio: bands.connections, Value.pending: bands.pendingMessages,
                    Value.openRatio: bands.openRatio,
                    Value.deliveryRatio: bands.deliveryRatio, Value.failureRatio: bands.failureRatio,
                    Value.errorRatio: bands.errorRatio,
                ]),
            HealthCheck(
                id: latency, component: "websocket", isCritical: false, bounds: bounds,
                bands: [
                    Value.handling: bands.handlingSeconds, Value.roundTrip: bands.roundTripSeconds,
                    Value.http: bands.httpSeconds, Value.httpSlowest: bands.httpSlowestSeconds,
                ]),
            HealthCheck(
                id: database, component: "store", isCritical: true, bounds: bounds,
                bands: [
                    Value.reachable: isOne, Value.response: bands.storeSeconds, Value.wal: bands.walBytes,
                    Value.errors: bands.storeErrorsPerMinute, Value.chainBreaks: isZero,
                ], hard: [Value.reachable, Value.chainBreaks]),
            HealthCheck(
                id: loops, component: "loops", isCritical: true, bounds: bounds,
                bands: [Value.lag: bands.loopLagSeconds, Value.still: bands.loopStillSeconds]),
            HealthCheck(
                id: rateLimiter, component: "rate_limiter", isCritical: false, bounds: bounds,
                bands: [Value.refused: bands.refusedRatio]),
            HealthCheck(
                id: configuration, component: "configuration", isCritical: false, bounds: seldom,
                bands: [Value.problems: isZero], hard: [Value.problems]),
            HealthCheck(
                id: selfTest, component: "self_test", isCritical: true, bounds: bounds, timeout: .seconds(10),
                bands: [Value.reachable: isOne, Value.roundTripOfTest: bands.selfTestSeconds],
                hard: [Value.reachable, HealthCheck.verdict]),
            HealthCheck(
                id: logging, component: "logging", isCritical: false, bounds: bounds,
                bands: [Value.dropped: bands.logDropsPerMinute]),
        ]
        if hasCertificate {
            checks.append(
                HealthCheck(
                    id: certificate, component: "certificate", isCritical: true, bounds: seldom,
                    bands: [Value.daysLeft: bands.certificateDays], hard: [Value.daysLeft, HealthCheck.verdict]))
        }
        checks += plugins.map { plugin in
            HealthCheck(
                id: game(plugin), component: game(plugin), isCritical: false, bounds: bounds,
                bands: [
                    Value.faults: bands.pluginFaultsPerMinute, Value.violations: bands.invariantViolationsPerMinute,
                ])
        }
        return checks
    }

    /// For what changes with an operator's hand only; a hint still runs it at once.
    private static let seldom = IntervalBounds(
        base: .seconds(300), floor: .seconds(60), ceiling: .seconds(3600), warningCap: .seconds(900),
        criticalCap: .seconds(300))
}
