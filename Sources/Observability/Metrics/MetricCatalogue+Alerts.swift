/// When people are told: one condition over the metrics, and where it is explained.
public struct AlertRule: Sendable {
    public enum Severity: String, Sendable { case critical, warning, info, none }

    public let name: String
    /// PromQL.
    public let expression: String
    /// How long it must hold, as Prometheus writes times; nil for not at all.
    public let holds: String?
    public let severity: Severity
    public let summary: String
    /// A heading of docs/OPERATIONS.md.
    public let runbook: String
    public let labels: [(name: String, value: String)]

    init(
        _ name: String, _ expression: String, for holds: String? = nil, _ severity: Severity, _ summary: String,
        see runbook: String, labels: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.expression = expression
        self.holds = holds
        self.severity = severity
        self.summary = summary
        self.runbook = runbook
        self.labels = labels
    }
}

/// A series that Prometheus computes once for all who ask for it.
public struct RecordingRule: Sendable {
    public let name: String
    public let expression: String
}

extension MetricCatalogue {
    /// The share of messages that were errors of ours, the service level's indicator, over each window that is asked for.
    public static let recordings: [RecordingRule] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"].map { window in
        RecordingRule(
            name: indicator(window),
            expression: "sum(rate(\(messageErrors.name){fault=\"server\"}[\(window)]))"
                + " / sum(rate(\(messages.name){direction=\"in\"}[\(window)]))")
    }

    /// Errors the service level allows, as a share of messages.
    public static let errorBudget = 0.001

    private static func indicator(_ window: String) -> String { "gameserver:sli_message_errors:ratio_rate\(window)" }

    private static func burns(_ long: String, _ short: String, _ times: String) -> String {
        "(\(indicator(long)) > (\(times) * \(errorBudget)) and \(indicator(short)) > (\(times) * \(errorBudget)))"
    }

    private static func p95(_ metric: MetricDescription, _ share: String = "0.95") -> String {
        "histogram_quantile(\(share), sum by (le) (rate(\(metric.name)_bucket[5m])))"
    }

    /// The thresholds of a metric's band; every metric of an alert by level has one.
    private static func band(_ metric: MetricDescription) -> (warning: String, critical: String) {
        func text(_ value: Double?) -> String {
            var bytes: [UInt8] = []
            bytes.append(number: value ?? .nan)
            return String(decoding: bytes, as: UTF8.self)
        }
        return (text(metric.band?.enterWarning), text(metric.band?.enterCritical))
    }

    public static let alerts: [AlertRule] = serviceAlerts + machineAlerts + operationAlerts

    private static let serviceAlerts = [
        AlertRule(
            "GameServerDown", "up{job=\"gameserver\"} == 0", for: "1m", .critical,
            "The server does not answer a scrape.", see: "Run it"),
        AlertRule(
            "GameServerErrorBudgetBurnPage",
            burns("1h", "5m", "14.4") + " or " + burns("6h", "30m", "6"), .critical,
            "At this rate the month's errors are used up within days.", see: "Watch it", labels: [("slo", "messages")]),
        AlertRule(
            "GameServerErrorBudgetBurnTicket",
            burns("1d", "2h", "3") + " or " + burns("3d", "6h", "1"), .warning,
            "The month's errors will be used up before its end.", see: "Watch it", labels: [("slo", "messages")]),
        AlertRule(
            "GameServerHighErrorRate", "\(indicator("5m")) > \(band(messageErrors).warning)", for: "5m", .warning,
            "More than 1 % of messages end in an error of the server.", see: "Watch it"),
        AlertRule(
            "GameServerVeryHighErrorRate", "\(indicator("5m")) > \(band(messageErrors).critical)", for: "2m", .critical,
            "More than 5 % of messages end in an error of the server.", see: "Watch it"),
        AlertRule(
            "GameServerMessageLatencyHigh", "\(p95(messageSeconds)) > \(band(messageSeconds).critical)", for: "5m",
            .warning, "One message in twenty takes longer than 200 ms to handle.", see: "Watch it"),
        AlertRule(
            "GameServerHttpLatencyHigh", "\(p95(httpRequestSeconds)) > \(band(httpRequestSeconds).warning)", for: "5m",
            .warning, "One HTTP request in twenty takes longer than 2 s.", see: "Watch it"),
        AlertRule(
            "GameServerHttpLatencyExtreme", "\(p95(httpRequestSeconds, "0.99")) > \(band(httpRequestSeconds).critical)",
            for: "5m", .critical, "One HTTP request in a hundred takes longer than 5 s.", see: "Watch it"),
        AlertRule(
            "GameServerLoopLagging", "\(p95(loopLagSeconds, "0.99")) > \(band(loopLagSeconds).critical)", for: "2m",
            .critical,
            "An event loop comes to its work a quarter of a second late.", see: "Watch it"),
        AlertRule(
            "GameServerConnectionLimitReached",
            "\(wsConnections.name) >= on (instance) \(wsConnectionsLimit.name)", .critical,
            "No further client is let in.", see: "Settings"),
        AlertRule(
            "GameServerConnectionSpike",
            "sum by (instance) (increase(\(wsConnectionsOpened.name)[1m])) > 50 and"
                + " sum by (instance) (increase(\(wsConnectionsOpened.name)[1m]))"
                + " > 4 * sum by (instance) (increase(\(wsConnectionsOpened.name)[1h])) / 60", .warning,
            "More than 50 clients a minute come, and four times as many as in the hour before.", see: "Recovery"),
        AlertRule(
            "GameServerQueueBackup",
            "\(queueOldestSeconds.name) > \(band(queueOldestSeconds).warning)"
                + " or \(queueDepth.name) > \(band(queueDepth).warning)", for: "5m", .warning,
            "A queue does not get shorter.", see: "Watch it"),
        AlertRule(
            "GameServerDeliveryLow",
            "sum(rate(\(deliveries.name){result=\"ok\"}[5m])) / sum(rate(\(deliveries.name)[5m]))"
                + " < \(band(deliveries).warning)", for: "2m", .warning,
            "Fewer than 95 % of events reach their players one by one.", see: "Watch it"),
        AlertRule(
            "GameServerClientsAreLate", "\(p95(wsRoundTripSeconds)) > \(band(wsRoundTripSeconds).critical)", for: "10m",
            .info, "One client in twenty has a round trip of more than a second.", see: "Watch it"),
        AlertRule(
            "GameServerUnusualTraffic",
            "sum(rate(\(messages.name){direction=\"in\"}[5m])) > 100 and sum(rate(\(messages.name){direction=\"in\"}[5m]))"
                + " > 3 * sum(rate(\(messages.name){direction=\"in\"}[5m] offset 1w))", for: "10m", .info,
            "Three times the messages of the same hour a week ago.", see: "Watch it"),
        AlertRule(
            "GameServerPluginFailing",
            "sum by (plugin) (increase(\(pluginExceptions.name)[1m])) > \(band(pluginExceptions).critical)", for: "1m",
            .critical, "A plugin throws more than five errors a minute.", see: "Recovery"),
        AlertRule(
            "GameServerRoomsFault",
            "sum by (plugin) (increase(\(roomFaults.name)[10m]) + increase(\(invariantViolations.name)[10m])) > 0",
            .warning, "Rooms were stopped because their game or their record failed.", see: "Recovery"),
    ]

    private static let machineAlerts = [
        AlertRule(
            "GameServerCpuHigh", "\(cpuRatio.name) > \(band(cpuRatio).warning)", for: "5m", .warning,
            "More than 80 % of the CPU it may have is used.", see: "Health"),
        AlertRule(
            "GameServerResourceExhausted",
            "\(cpuRatio.name) > \(band(cpuRatio).critical) or \(memoryRatio.name) > \(band(memoryRatio).critical)"
                + " or \(diskRatio.name) > \(band(diskRatio).critical)", for: "10m", .critical,
            "More than 90 % of CPU, memory or disk is used.", see: "Health"),
        AlertRule(
            "GameServerDiskFillsSoon", "predict_linear(\(diskFreeBytes.name)[6h], 86400) < 0", for: "30m", .warning,
            "At this pace the disk is full within a day.", see: "What is deleted, and when"),
        AlertRule(
            "GameServerScaleOutAdvised",
            "\(cpuRatio.name) > 0.7 or \(memoryRatio.name) > 0.8 or \(queueDepth.name) > \(band(queueDepth).critical)",
            for: "10m", .info, "It runs where a second server would be better.", see: "Health"),
        AlertRule(
            "GameServerCertificateExpiring", "\(tlsCertificateExpirySeconds.name) - time() < 14 * 86400", .warning,
            "The certificate ends within two weeks.", see: "Settings"),
    ]

    private static let operationAlerts = [
        AlertRule(
            "GameServerHealthCheckFailing", "\(healthFailures.name) > \(band(healthFailures).critical)", .critical,
            "A health check failed four times in a row.", see: "Health"),
        AlertRule(
            "GameServerStoreDown", "\(healthLevel.name){component=\"store\"} >= 2", for: "30s", .critical,
            "The event store is critical or unknown; nothing can be played.", see: "What survives what"),
        AlertRule(
            "GameServerStoreSlow", "\(p95(storeOperationSeconds)) > \(band(storeOperationSeconds).warning)", for: "2m",
            .warning, "One operation of the store in twenty takes longer than half a second.", see: "What survives what"
        ),
        AlertRule(
            "GameServerChainBroken", "increase(\(eventChainBreaks.name)[10m]) > \(band(eventChainBreaks).warning)",
            .critical, "A stored record does not follow from the one before: it was changed from outside.",
            see: "The digest chain"),
        AlertRule(
            "GameServerRecoveryActivated",
            "sum by (instance, procedure) (increase(\(recoveryAttempts.name){result!=\"refused\"}[5m])) > 0", .info,
            "A recovery procedure ran.", see: "Recovery"),
        AlertRule(
            "GameServerRecoveryFailed",
            "sum by (instance, procedure)"
                + " (increase(\(recoveryAttempts.name){result=~\"failed|ineffective|harmful\"}[10m])) > 0", .critical,
            "A recovery procedure ran and did not help.", see: "Recovery"),
        AlertRule(
            "GameServerAuthFailures", "sum(increase(\(authAttempts.name){result=\"failed\"}[5m])) > 10", .warning,
            "Somebody tries tokens.", see: "The admin token"),
        AlertRule(
            "GameServerForbiddenRate",
            "sum(rate(\(httpRequestSeconds.name)_count{http_response_status_code=\"403\"}[5m])) > 0.1", for: "5m",
            .warning, "Requests are refused for too small a role.", see: "The admin token"),
        AlertRule(
            "GameServerPayloadRejected",
            "sum(increase(\(messagesRejected.name){reason=~\"oversize|malformed|forbidden\"}[5m])) > 5", .warning,
            "Clients send what no client of ours would.", see: "Logs"),
        AlertRule(
            "GameServerTelemetryDropping",
            "increase(\(obsDropped.name)[10m]) > 0 or increase(\(logDropped.name)[10m]) > 0", for: "10m", .warning,
            "Observations or log lines are being dropped.", see: "Logs"),
        AlertRule(
            "GameServerObservingIsDear",
            "sum by (instance) (rate(\(obsCPUSeconds.name)[5m])) / on (instance) rate(\(processCPUSeconds.name)[5m])"
                + " > 0.01", for: "10m", .warning, "Observing takes more than 1 % of the server's CPU time.",
            see: "What watching costs"),
        AlertRule(
            "GameServerWatchdog", "vector(1)", .none, "Always firing, so that silence means the alerts do not arrive.",
            see: "Metrics"),
    ]
}
