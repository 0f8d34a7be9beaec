import Synchronization

/// All instruments of one server, and their exposition.
///
/// Instruments are values over shared atomic cells: take a copy where it is used, write it from any thread.
public final class Metrics: Sendable {
    // Connections
    public let wsConnections, wsConnectionsLimit: Gauge
    public let wsConnectionsOpened: Counter
    public let wsConnectionsClosed: LabelledCounter<CloseReasonLabel>
    public let wsCloseCodes: LabelledCounter<CloseLabel>
    public let wsConnectionsRejected: LabelledCounter<RejectionLabel>
    public let transportTimeouts, wsReadPauses: Counter
    public let wsHandshakeSeconds, wsConnectionSeconds, wsRoundTripSeconds: Histogram
    public let wsProtocolErrors: LabelledCounter<ProtocolErrorLabel>
    public let wsResumes: LabelledCounter<ResumeLabel>

    // Traffic
    public let messages, messageBytes, transportBytes: LabelledCounter<DirectionLabel>
    public let compressedMessages, compressedPlainBytes, compressedWireBytes: LabelledCounter<DirectionLabel>
    public let compressions: Counter
    public let compressionMemoryBytes: Gauge
    public let messageSeconds: LabelledHistogram<OperationLabel>
    public let stageSeconds: LabelledHistogram<StageLabel>
    public let commands: LabelledCounter<CommandLabel>
    public let messageErrors: LabelledCounter2<FaultLabel, RefusalLabel>
    public let messagesRejected: LabelledCounter<MessageRejectionLabel>
    public let rateLimited: LabelledCounter<RateScopeLabel>
    public let authAttempts: LabelledCounter<AuthLabel>
    public let authDenied: LabelledCounter<RoleLabel>

    // Delivery
    public let deliveries: LabelledCounter<DeliveryLabel>
    public let acknowledgements: Counter
    public let commandSeconds, deliverySeconds, ackSeconds, broadcastFanout: Histogram
    public let pendingMessages, sendQueueBytes, laggingConnections: Gauge
    public let sequenceGaps: PluginCounter<Unlabelled>
    public let queueDepth, queueOldestSeconds: LabelledGauge<QueueLabel>
    public let queueDropped: LabelledCounter<QueueLabel>

    // Rooms
    public let rooms: PluginGauge<RoomStateLabel>
    public let roomsCreated, roomActions, roomFaults, invariantViolations, pluginExceptions: PluginCounter<Unlabelled>
    public let roomsClosed: PluginCounter<RoomEndLabel>
    public let roomPlayers: PluginGauge<PlayerKindLabel>
    public let roomSeconds, pluginHandlerSeconds: ListedHistogram<Plugins>
    public let roomsAwake: Gauge

    // Store
    public let commits: LabelledCounter<CommitLabel>
    public let commitSeconds, storeGroupSize: Histogram
    public let storeOperationSeconds: LabelledHistogram<StoreOperationLabel>
    public let storeErrors: LabelledCounter2<StoreOperationLabel, StoreErrorLabel>
    public let storeBusy, storeCacheHits, storeCacheMisses, eventChainBreaks: Counter
    public let storeSizeBytes, storeWalBytes, storeFreePages, eventAppendLagSeconds: Gauge
    public let eventsAppended: PluginCounter<Unlabelled>

    // Loops and HTTP
    public let loopLagSeconds: ListedHistogram<Loops>
    public let loopBusySeconds: LoopSeconds
    public let loopConnections: LoopGauge
    public let httpRequestSeconds: RequestHistogram
    public let httpActive: Gauge
    public let httpResponseBytes: ListedHistogram<Routes>

    // Health and recovery
    public let healthState: ComponentStates
    public let healthLevel, healthInterval, healthFailures: ComponentGauge
    public let healthChecks: ComponentCounter<CheckLabel>
    public let healthCheckSeconds: ListedHistogram<Components>
    public let stabilityScore: Gauge
    public let recoveryAttempts: LabelledCounter2<ProcedureLabel, RecoveryLabel>
    public let recoveryEffect, recoveryActive: LabelledGauge<ProcedureLabel>
    public let recoverySeconds: LabelledHistogram<ProcedureLabel>

    // Logs and what observing costs
    public let logRecords: LabelledCounter2<LogLevelLabel, LogCategoryLabel>
    public let logDropped: LabelledCounter<LogLevelLabel>
    public let logSuppressed: Counter
    public let obsCPUSeconds: LabelledSeconds<ObserverLabel>
    public let obsDropped: LabelledCounter<ObserverLabel>
    public let scrapeSeconds: Histogram
    public let tlsCertificateExpirySeconds: Gauge

    // TLS
    public let tlsConnections, tlsHandshaking: Gauge
    public let tlsHandshakes: LabelledCounter<TLSHandshakeLabel>
    public let tlsReloads: LabelledCounter<TLSReloadLabel>

    let process: Process
    let lists: MetricLists
    /// In the order of the catalogue.
    let families: [MetricFamily]
    let installed = Mutex<[InstalledPlugin]>([])
    let resources: Mutex<ResourceReader?>
    let renderer: Mutex<MetricsRenderer>
    /// What plugins declared for themselves.
    public let domain: DomainMetrics
    private let writers = Atomic(0)

    /// - Parameters:
    ///   - plugins: ids of the installed games; their series appear from the start.
    ///   - middleware: names of the installed middleware, further values of the label `plugin`.
    ///   - probes: ids of the installed health probes, each a component of health like each game.
    ///   - loops: event loops, at most 64.
    ///   - routes: path templates of the HTTP surface.
    ///   - domain: metrics the plugins declared.
    ///   - resources: reads process, host and container at each scrape; nil exposes nothing of them.
    public init(
        process: Process, plugins: [String] = [], middleware: [String] = [], probes: [String] = [],
        loops: Int = 1, routes: [String] = [], domain: DomainMetrics = .none,
        resources: ResourceReader? = ResourceReader()
    ) {
        self.domain = domain
        self.resources = Mutex(resources)
        self.process = process
        lists = MetricLists(
            [
                .plugins: plugins + middleware + [Self.noPlugin],
                .loops: (0..<min(max(loops, 1), 64)).map(String.init),
                .routes: routes,
                .components: Self.standardComponents + plugins.map { "game:" + $0 } + probes.map { "probe:" + $0 },
                .volumes: process.volumes.map(\.name),
            ], quiet: Set(middleware).union([Self.noPlugin]))
        var make = MetricFamilies(lists: lists)
        typealias Row = MetricCatalogue

        wsConnections = make.gauge(Row.wsConnections)
        wsConnectionsLimit = make.gauge(Row.wsConnectionsLimit)
        wsConnectionsOpened = make.counter(Row.wsConnectionsOpened)
        wsConnectionsClosed = make.counter(Row.wsConnectionsClosed)
        wsCloseCodes = make.counter(Row.wsCloseCodes)
        wsConnectionsRejected = make.counter(Row.wsConnectionsRejected)
        transportTimeouts = make.counter(Row.transportTimeouts)
        wsReadPauses = make.counter(Row.wsReadPauses)
        wsHandshakeSeconds = make.histogram(Row.wsHandshakeSeconds)
        wsConnectionSeconds = make.histogram(Row.wsConnectionSeconds)
        wsRoundTripSeconds = make.histogram(Row.wsRoundTripSeconds)
        wsProtocolErrors = make.counter(Row.wsProtocolErrors)
        wsResumes = make.counter(Row.wsResumes)

        messages = make.counter(Row.messages)
        messageBytes = make.counter(Row.messageBytes)
        transportBytes = make.counter(Row.transportBytes)
        compressedMessages = make.counter(Row.compressedMessages)
        compressedPlainBytes = make.counter(Row.compressedPlainBytes)
        compressedWireBytes = make.counter(Row.compressedWireBytes)
        compressions = make.counter(Row.compressions)
        compressionMemoryBytes = make.gauge(Row.compressionMemoryBytes)
        messageSeconds = make.histogram(Row.messageSeconds)
        stageSeconds = make.histogram(Row.stageSeconds)
        commands = make.counter(Row.commands)
        messageErrors = LabelledCounter2(make.family(Row.messageErrors))
        messagesRejected = make.counter(Row.messagesRejected)
        rateLimited = make.counter(Row.rateLimited)
        authAttempts = make.counter(Row.authAttempts)
        authDenied = make.counter(Row.authDenied)

        deliveries = make.counter(Row.deliveries)
        acknowledgements = make.counter(Row.acknowledgements)
        commandSeconds = make.histogram(Row.commandSeconds)
        deliverySeconds = make.histogram(Row.deliverySeconds)
        ackSeconds = make.histogram(Row.ackSeconds)
        broadcastFanout = make.histogram(Row.broadcastFanout)
        pendingMessages = make.gauge(Row.pendingMessages)
        sendQueueBytes = make.gauge(Row.sendQueueBytes)
        laggingConnections = make.gauge(Row.laggingConnections)
        sequenceGaps = make.listed(Row.sequenceGaps)
        queueDepth = make.gauge(Row.queueDepth)
        queueOldestSeconds = make.gauge(Row.queueOldestSeconds)
        queueDropped = make.counter(Row.queueDropped)

        rooms = ListedGauge(make.family(Row.rooms))
        roomsCreated = make.listed(Row.roomsCreated)
        roomActions = make.listed(Row.roomActions)
        roomFaults = make.listed(Row.roomFaults)
        invariantViolations = make.listed(Row.invariantViolations)
        pluginExceptions = make.listed(Row.pluginExceptions)
        roomsClosed = make.listed(Row.roomsClosed)
        roomPlayers = ListedGauge(make.family(Row.roomPlayers))
        roomSeconds = ListedHistogram(make.family(Row.roomSeconds))
        pluginHandlerSeconds = ListedHistogram(make.family(Row.pluginHandlerSeconds))
        roomsAwake = make.gauge(Row.roomsAwake)

        commits = make.counter(Row.commits)
        commitSeconds = make.histogram(Row.commitSeconds)
        storeGroupSize = make.histogram(Row.storeGroupSize)
        storeOperationSeconds = make.histogram(Row.storeOperationSeconds)
        storeErrors = LabelledCounter2(make.family(Row.storeErrors))
        storeBusy = make.counter(Row.storeBusy)
        storeCacheHits = make.counter(Row.storeCacheHits)
        storeCacheMisses = make.counter(Row.storeCacheMisses)
        eventChainBreaks = make.counter(Row.eventChainBreaks)
        storeSizeBytes = make.gauge(Row.storeSizeBytes)
        storeWalBytes = make.gauge(Row.storeWalBytes)
        storeFreePages = make.gauge(Row.storeFreePages)
        eventAppendLagSeconds = make.gauge(Row.eventAppendLagSeconds)
        eventsAppended = make.listed(Row.eventsAppended)

        loopLagSeconds = ListedHistogram(make.family(Row.loopLagSeconds))
        loopBusySeconds = LoopSeconds(make.family(Row.loopBusySeconds))
        loopConnections = LoopGauge(make.family(Row.loopConnections))
        httpRequestSeconds = RequestHistogram(make.family(Row.httpRequestSeconds))
        httpActive = make.gauge(Row.httpActive)
        httpResponseBytes = ListedHistogram(make.family(Row.httpResponseBytes))

        healthState = ListedGauge(make.family(Row.healthState))
        healthLevel = ListedGauge(make.family(Row.healthLevel))
        healthInterval = ListedGauge(make.family(Row.healthInterval))
        healthFailures = ListedGauge(make.family(Row.healthFailures))
        healthChecks = make.listed(Row.healthChecks)
        healthCheckSeconds = ListedHistogram(make.family(Row.healthCheckSeconds))
        stabilityScore = make.gauge(Row.stabilityScore)
        recoveryAttempts = LabelledCounter2(make.family(Row.recoveryAttempts))
        recoveryEffect = make.gauge(Row.recoveryEffect)
        recoveryActive = make.gauge(Row.recoveryActive)
        recoverySeconds = make.histogram(Row.recoverySeconds)

        logRecords = LabelledCounter2(make.family(Row.logRecords))
        logDropped = make.counter(Row.logDropped)
        logSuppressed = make.counter(Row.logSuppressed)
        obsCPUSeconds = LabelledSeconds(make.family(Row.obsCPUSeconds))
        obsDropped = make.counter(Row.obsDropped)
        scrapeSeconds = make.histogram(Row.scrapeSeconds)
        tlsCertificateExpirySeconds = make.gauge(Row.tlsCertificateExpirySeconds)

        tlsConnections = make.gauge(Row.tlsConnections)
        tlsHandshaking = make.gauge(Row.tlsHandshaking)
        tlsHandshakes = make.counter(Row.tlsHandshakes)
        tlsReloads = make.counter(Row.tlsReloads)
        families = make.inOrder()
        renderer = Mutex(MetricsRenderer(families + domain.families))
    }

    /// The calling thread's own row.
    ///
    /// - Returns: nil when `MetricWriter.limit` threads have one; adds without a writer are right too, only dearer.
    public func makeWriter() -> MetricWriter? {
        let row = writers.wrappingAdd(1, ordering: .relaxed).newValue
        return row <= MetricWriter.limit ? MetricWriter(row: row) : nil
    }
}

/// Makes the families of a server, each once.
private struct MetricFamilies {
    let lists: MetricLists
    private var made: [String: MetricFamily] = [:]

    init(lists: MetricLists) { self.lists = lists }

    mutating func family(_ description: MetricDescription) -> MetricFamily {
        let family = MetricFamily(description, lists: lists)
        precondition(made.updateValue(family, forKey: description.name) == nil, "\(description.name) is made twice")
        return family
    }

    mutating func counter<Label>(_ row: MetricDescription) -> LabelledCounter<Label> { LabelledCounter(family(row)) }
    mutating func gauge<Label>(_ row: MetricDescription) -> LabelledGauge<Label> { LabelledGauge(family(row)) }
    mutating func histogram<Label>(_ row: MetricDescription) -> LabelledHistogram<Label> {
        LabelledHistogram(family(row))
    }
    mutating func listed<List, Label>(_ row: MetricDescription) -> ListedCounter<List, Label> {
        ListedCounter(family(row))
    }

    /// All of them as the catalogue has them.
    func inOrder() -> [MetricFamily] {
        precondition(made.keys.allSatisfy { MetricCatalogue.description(named: $0) != nil }, "a metric of no catalogue")
        return MetricCatalogue.all.compactMap { made[$0.name] }
    }
}
