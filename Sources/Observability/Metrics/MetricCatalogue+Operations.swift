extension MetricCatalogue {
    // MARK: Health

    static let healthState = MetricDescription(
        "gameserver_health_state", .stateset, "The level of a component: one of the states is 1, the others are 0.",
        labels: [.list(.components), .of(HealthStateLabel.self)], presence: .written)
    static let healthLevel = MetricDescription(
        "gameserver_health_level", .gauge, "The level of a component: 0 healthy, 1 warning, 2 critical, 3 unknown.",
        labels: [.list(.components)], presence: .written)
    static let healthChecks = MetricDescription(
        "gameserver_health_checks_total", .counter, "Health checks run, by result.",
        labels: [.list(.components), .of(CheckLabel.self)])
    static let healthCheckSeconds = MetricDescription(
        "gameserver_health_check_duration_seconds", .histogram, "How long a health check took.",
        labels: [.list(.components)], bounds: MetricBounds.disk)
    static let healthInterval = MetricDescription(
        "gameserver_health_check_interval_seconds", .gauge, "How far apart the checks of a component are now.",
        labels: [.list(.components)], presence: .written)
    static let healthFailures = MetricDescription(
        "gameserver_health_consecutive_failures", .gauge, "Checks of a component that failed in a row.",
        labels: [.list(.components)], band: .above(warning: nil, critical: (3, 0)))
    static let stabilityScore = MetricDescription(
        "gameserver_stability_score", .gauge,
        "0 to 100: how quiet the last hour was, from levels, recoveries, errors and restarts.", presence: .written)

    static let healthRows = [
        healthState, healthLevel, healthChecks, healthCheckSeconds, healthInterval, healthFailures, stabilityScore,
    ]

    // MARK: Recovery

    static let recoveryAttempts = MetricDescription(
        "gameserver_recovery_attempts_total", .counter, "Runs of recovery procedures, by what they came to.",
        labels: [.of(ProcedureLabel.self), .of(RecoveryLabel.self)], keepsExemplars: true)
    static let recoveryEffect = MetricDescription(
        "gameserver_recovery_effect_ratio", .gauge,
        "What the last run of a procedure did: 1 reached its target, 0 nothing, below 0 made it worse.",
        labels: [.of(ProcedureLabel.self)], presence: .written)
    static let recoverySeconds = MetricDescription(
        "gameserver_recovery_duration_seconds", .histogram, "From the trigger of a procedure to its verdict.",
        labels: [.of(ProcedureLabel.self)], bounds: MetricBounds.life)
    static let recoveryActive = MetricDescription(
        "gameserver_recovery_active", .gauge, "Runs of a procedure that act, are judged or whose effects last.",
        labels: [.of(ProcedureLabel.self)])

    static let recoveryRows = [recoveryAttempts, recoveryEffect, recoverySeconds, recoveryActive]

    // MARK: Logs and what observing costs

    static let logRecords = MetricDescription(
        "gameserver_log_records_total", .counter, "Log lines written.",
        labels: [.of(LogLevelLabel.self), .of(LogCategoryLabel.self)])
    static let logDropped = MetricDescription(
        "gameserver_log_dropped_total", .counter, "Log lines dropped because the writer could not keep up.",
        labels: [.of(LogLevelLabel.self)])
    static let logSuppressed = MetricDescription(
        "gameserver_log_suppressed_total", .counter, "Log lines left out because they repeated themselves.")
    static let obsCPUSeconds = MetricDescription(
        "gameserver_obs_cpu_seconds_total", .counter, "CPU time of the threads that observe the server.",
        labels: [.of(ObserverLabel.self)])
    static let obsDropped = MetricDescription(
        "gameserver_obs_dropped_total", .counter, "Observations dropped because their queue was full.",
        labels: [.of(ObserverLabel.self)])
    static let scrapeSeconds = MetricDescription(
        "gameserver_obs_scrape_duration_seconds", .histogram, "How long rendering an exposition took.",
        bounds: MetricBounds.disk)
    static let metricsOverflow = MetricDescription(
        "gameserver_metrics_overflow_total", .counter, "Values counted as _other because their label was on no list.",
        labels: [.list(.families)], presence: .written)

    static let logRows = [
        logRecords, logDropped, logSuppressed, obsCPUSeconds, obsDropped, scrapeSeconds, metricsOverflow,
    ]

    // MARK: Process, host and container, read at scrape

    static let buildInfo = MetricDescription(
        "gameserver_build_info", .info, "The running version; the value is always 1.",
        labels: [.text(name: "version"), .text(name: "revision"), .text(name: "swift")])
    static let nodeInfo = MetricDescription(
        "gameserver_node_info", .info, "The node's name and place; the value is always 1.",
        labels: [.text(name: "node"), .text(name: "zone")])
    static let pluginInfo = MetricDescription(
        "gameserver_plugin_info", .info, "Installed plugins; the value is always 1.",
        labels: [.list(.plugins), .text(name: "version"), .text(name: "state")], presence: .written)
    static let uptimeSeconds = MetricDescription(
        "gameserver_uptime_seconds", .gauge, "Time since the process started.")
    static let tlsCertificateExpirySeconds = MetricDescription(
        "gameserver_tls_certificate_expiry_timestamp_seconds", .gauge, "End of the certificate as Unix time.",
        presence: .written)
    static let cpuRatio = MetricDescription(
        "gameserver_cpu_utilization_ratio", .gauge,
        "CPU used since the last scrape, of the container's quota or else the host's cores.",
        band: .above(warning: (0.8, 0.7), critical: (0.9, 0.8)), presence: .written)
    static let memoryRatio = MetricDescription(
        "gameserver_memory_utilization_ratio", .gauge,
        "Memory in use without what can be dropped, of the container's limit or else the host's memory.",
        band: .above(warning: (0.75, 0.7), critical: (0.9, 0.85)), presence: .written)
    static let diskRatio = MetricDescription(
        "gameserver_disk_utilization_ratio", .gauge, "Share of a volume that is used.", labels: [.list(.volumes)],
        band: .above(warning: (0.8, 0.75), critical: (0.9, 0.88)), presence: .written)
    static let memoryAvailableBytes = MetricDescription(
        "gameserver_memory_available_bytes", .gauge, "Memory that can still be had.", presence: .written)
    static let diskFreeBytes = MetricDescription(
        "gameserver_disk_free_bytes", .gauge, "Bytes of a volume the server may still use.", labels: [.list(.volumes)],
        presence: .written)
    static let cgroupThrottledSeconds = MetricDescription(
        "gameserver_cgroup_cpu_throttled_seconds_total", .counter, "Time the container was held back for its quota.",
        presence: .written)
    static let cgroupQuota = MetricDescription(
        "gameserver_cgroup_cpu_quota_cores", .gauge, "Cores the container may use; absent without a quota.",
        presence: .written)
    static let cgroupMemoryLimitBytes = MetricDescription(
        "gameserver_cgroup_memory_limit_bytes", .gauge, "Memory the container may use; absent without a limit.",
        presence: .written)
    static let cgroupMemoryUsageBytes = MetricDescription(
        "gameserver_cgroup_memory_working_set_bytes", .gauge, "Memory of the container without inactive file pages.",
        presence: .written)
    static let networkBytes = MetricDescription(
        "gameserver_network_bytes_total", .counter, "Bytes through the host's network interfaces, loopback left out.",
        labels: [.of(DirectionLabel.self)], presence: .written)
    static let diskIOBytes = MetricDescription(
        "gameserver_disk_io_bytes_total", .counter, "Bytes the process read from (in) and wrote to (out) storage.",
        labels: [.of(DirectionLabel.self)], presence: .written)
    /// The names every Prometheus client library uses, so ready-made panels find them.
    static let processCPUSeconds = MetricDescription(
        "process_cpu_seconds_total", .counter, "CPU time of the process, user and system.", presence: .written)
    static let processOpenFiles = MetricDescription(
        "process_open_fds", .gauge, "Open file descriptors of the process.", presence: .written)
    static let processMaxFiles = MetricDescription(
        "process_max_fds", .gauge, "Most file descriptors the process may open.", presence: .written)
    static let processVirtualBytes = MetricDescription(
        "process_virtual_memory_bytes", .gauge, "Virtual memory of the process.", presence: .written)
    static let processVirtualMaxBytes = MetricDescription(
        "process_virtual_memory_max_bytes", .gauge, "Most virtual memory the process may have.", presence: .written)
    static let processResidentBytes = MetricDescription(
        "process_resident_memory_bytes", .gauge, "Resident memory of the process.", presence: .written)
    static let processHeapBytes = MetricDescription(
        "process_heap_bytes", .gauge, "Heap of the process in use.", presence: .written)
    static let processStartSeconds = MetricDescription(
        "process_start_time_seconds", .gauge, "Start of the process as Unix time.")
    static let processThreads = MetricDescription(
        "process_threads", .gauge, "Threads of the process.", presence: .written)

    static let resourceRows = [
        buildInfo, nodeInfo, pluginInfo, uptimeSeconds, tlsCertificateExpirySeconds, cpuRatio, memoryRatio, diskRatio,
        memoryAvailableBytes, diskFreeBytes, cgroupThrottledSeconds, cgroupQuota, cgroupMemoryLimitBytes,
        cgroupMemoryUsageBytes, networkBytes, diskIOBytes, processCPUSeconds, processOpenFiles, processMaxFiles,
        processVirtualBytes, processVirtualMaxBytes, processResidentBytes, processHeapBytes, processStartSeconds,
        processThreads,
    ]
}
