/// Every metric of the server: its name, kind, meaning and labels, in the order they are exposed.
///
/// The exposition, the bands of health, `Resources/prometheus/rules.yml` and `docs/METRICS.md` come from here. Names are
/// API: one is never reused for another meaning.
public enum MetricCatalogue {
    public static let all: [MetricDescription] =
        connectionRows + tlsRows + trafficRows + deliveryRows + roomRows + storeRows + loopRows + httpRows + healthRows
        + recoveryRows + logRows + resourceRows

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    public static func description(named name: String) -> MetricDescription? { byName[name] }

    /// Where the metric's value stops being well; nil when no level follows from it.
    public static func band(for name: String) -> MetricBand? { byName[name]?.band }

    // MARK: Connections

    static let wsConnections = MetricDescription("gameserver_ws_connections", .gauge, "WebSocket connections open now.")
    static let wsConnectionsLimit = MetricDescription(
        "gameserver_ws_connections_limit", .gauge, "Most WebSocket connections the server lets in.", presence: .written)
    static let wsConnectionsOpened = MetricDescription(
        "gameserver_ws_connections_opened_total", .counter, "WebSocket connections opened.")
    static let wsConnectionsClosed = MetricDescription(
        "gameserver_ws_connections_closed_total", .counter, "WebSocket connections closed, by reason.",
        labels: [.of(CloseReasonLabel.self)])
    static let wsCloseCodes = MetricDescription(
        "gameserver_ws_close_codes_total", .counter, "WebSocket connections closed, by the wire's close code.",
        labels: [.of(CloseLabel.self)])
    static let wsConnectionsRejected = MetricDescription(
        "gameserver_ws_connections_rejected_total", .counter, "WebSocket connections that were not let in, by reason.",
        labels: [.of(RejectionLabel.self)])
    static let transportTimeouts = MetricDescription(
        "gameserver_transport_timeouts_total", .counter,
        "Connections ended for taking longer than they may: for a request, a message, or to read a response.")
    static let wsReadPauses = MetricDescription(
        "gameserver_ws_read_pauses_total", .counter,
        "Times a client was not read for a while because its commands waited for rooms or the store.")
    static let wsHandshakeSeconds = MetricDescription(
        "gameserver_ws_handshake_duration_seconds", .histogram, "From the first byte of a connection to its upgrade.",
        bounds: MetricBounds.handling)
    static let wsConnectionSeconds = MetricDescription(
        "gameserver_ws_connection_duration_seconds", .histogram, "How long WebSocket connections lived.",
        bounds: MetricBounds.life)
    static let wsRoundTripSeconds = MetricDescription(
        "gameserver_ws_rtt_seconds", .histogram, "From a ping to its pong.", bounds: MetricBounds.roundTrip,
        band: .above(warning: (0.2, 0.15), critical: (1, 0.8), of: "p95"))
    static let wsProtocolErrors = MetricDescription(
        "gameserver_ws_protocol_errors_total", .counter, "Rules of the protocol that peers broke, by kind.",
        labels: [.of(ProtocolErrorLabel.self)])
    static let wsResumes = MetricDescription(
        "gameserver_ws_resumes_total", .counter, "Clients that came back to a room, by how they were made whole.",
        labels: [.of(ResumeLabel.self)])

    static let connectionRows = [
        wsConnections, wsConnectionsLimit, wsConnectionsOpened, wsConnectionsClosed, wsCloseCodes,
        wsConnectionsRejected, transportTimeouts, wsReadPauses, wsHandshakeSeconds, wsConnectionSeconds,
        wsRoundTripSeconds,
        wsProtocolErrors, wsResumes,
    ]

    // MARK: Traffic

    static let messages = MetricDescription(
        "gameserver_messages_total", .counter, "WebSocket data messages.", labels: [.of(DirectionLabel.self)])
    static let messageBytes = MetricDescription(
        "gameserver_message_bytes_total", .counter, "Payload of WebSocket data messages.",
        labels: [.of(DirectionLabel.self)])
    static let transportBytes = MetricDescription(
        "gameserver_transport_bytes_total", .counter, "Bytes on the wire, HTTP and framing included.",
        labels: [.of(DirectionLabel.self)])
    static let compressedMessages = MetricDescription(
        "gameserver_compressed_messages_total", .counter, "WebSocket data messages that were compressed.",
        labels: [.of(DirectionLabel.self)])
    static let compressedPlainBytes = MetricDescription(
        "gameserver_compressed_plain_bytes_total", .counter, "Payload of compressed messages before, as it was meant.",
        labels: [.of(DirectionLabel.self)])
    static let compressedWireBytes = MetricDescription(
        "gameserver_compressed_wire_bytes_total", .counter, "Payload of compressed messages after, as it was sent.",
        labels: [.of(DirectionLabel.self)])
    static let compressions = MetricDescription(
        "gameserver_compressions_total", .counter, "Times a message was compressed: once for many receivers.")
    static let compressionMemoryBytes = MetricDescription(
        "gameserver_compression_memory_bytes", .gauge, "Memory held to compress and to inflate.")
    static let messageSeconds = MetricDescription(
        "gameserver_message_duration_seconds", .histogram, "From receiving a message until it is handled; sampled.",
        labels: [.of(OperationLabel.self)], bounds: MetricBounds.handling,
        band: .above(warning: (0.05, 0.04), critical: (0.2, 0.15), of: "p95"))
    static let stageSeconds = MetricDescription(
        "gameserver_message_stage_duration_seconds", .histogram, "Where the time of a message goes, by stage.",
        labels: [.of(StageLabel.self)], bounds: MetricBounds.handling, presence: .always)
    static let commands = MetricDescription(
        "gameserver_commands_total", .counter, "Commands answered, by result: ok, repeated or the refusal's code.",
        labels: [.of(CommandLabel.self)])
    static let messageErrors = MetricDescription(
        "gameserver_message_errors_total", .counter,
        "Messages refused, by whose fault it was and by code. The server's faults are the service level's errors.",
        labels: [.of(FaultLabel.self), .of(RefusalLabel.self)],
        band: .above(warning: (0.01, 0.008), critical: (0.05, 0.04), of: "server faults among messages in"),
        keepsExemplars: true)
    static let messagesRejected = MetricDescription(
        "gameserver_messages_rejected_total", .counter, "Messages turned away before their content counted, by reason.",
        labels: [.of(MessageRejectionLabel.self)])
    static let rateLimited = MetricDescription(
        "gameserver_rate_limited_total", .counter, "Times a rate limit said no, by what it guards.",
        labels: [.of(RateScopeLabel.self)])
    static let authAttempts = MetricDescription(
        "gameserver_auth_attempts_total", .counter, "Tokens and secrets shown, by whether they held.",
        labels: [.of(AuthLabel.self)])
    static let authDenied = MetricDescription(
        "gameserver_authz_denied_total", .counter, "Requests refused for too small a role, by the role they had.",
        labels: [.of(RoleLabel.self)])

    static let trafficRows = [
        messages, messageBytes, transportBytes, compressedMessages, compressedPlainBytes, compressedWireBytes,
        compressions, compressionMemoryBytes, messageSeconds, stageSeconds, commands, messageErrors, messagesRejected,
        rateLimited, authAttempts, authDenied,
    ]

    // MARK: Delivery

    static let deliveries = MetricDescription(
        "gameserver_deliveries_total", .counter,
        "Event messages times receivers, by what became of them; collapsed: a snapshot took their place.",
        labels: [.of(DeliveryLabel.self)],
        band: .below(warning: (0.95, 0.97), critical: (0.9, 0.93), of: "share of ok"))
    static let commandSeconds = MetricDescription(
        "gameserver_command_duration_seconds", .histogram,
        "From the arrival of a command until what it caused was told.",
        bounds: MetricBounds.handling)
    static let deliverySeconds = MetricDescription(
        "gameserver_delivery_delay_seconds", .histogram, "From the commit of an event until the kernel has it.",
        bounds: MetricBounds.handling)
    static let acknowledgements = MetricDescription(
        "gameserver_acknowledgements_total", .counter, "Acknowledgements received.")
    static let ackSeconds = MetricDescription(
        "gameserver_delivery_ack_seconds", .histogram, "From the commit of an event until a client says it has it.",
        bounds: MetricBounds.roundTrip)
    static let broadcastFanout = MetricDescription(
        "gameserver_broadcast_fanout", .histogram, "Receivers of one committed record.", bounds: MetricBounds.fanout)
    static let pendingMessages = MetricDescription(
        "gameserver_pending_messages", .gauge, "Messages that have waited for their receiver for more than a second.",
        band: .above(warning: (100, 80), critical: nil))
    static let sendQueueBytes = MetricDescription(
        "gameserver_send_queue_bytes", .gauge, "Bytes queued for all clients.")
    static let laggingConnections = MetricDescription(
        "gameserver_lagging_connections", .gauge, "Connections that get a snapshot instead of further events.")
    static let sequenceGaps = MetricDescription(
        "gameserver_client_sequence_gaps_total", .counter,
        "Times a client was found behind without having lost its line.",
        labels: [.list(.plugins)])
    static let queueDepth = MetricDescription(
        "gameserver_queue_depth", .gauge, "What waits in a queue.", labels: [.of(QueueLabel.self)],
        band: .above(warning: (100, 80), critical: (1000, 800)))
    static let queueDropped = MetricDescription(
        "gameserver_queue_dropped_total", .counter, "What a full queue did not take.", labels: [.of(QueueLabel.self)])
    static let queueOldestSeconds = MetricDescription(
        "gameserver_queue_oldest_age_seconds", .gauge, "How long the oldest thing in a queue has waited.",
        labels: [.of(QueueLabel.self)], band: .above(warning: (5, 4), critical: (30, 20)))

    static let deliveryRows = [
        deliveries, commandSeconds, deliverySeconds, acknowledgements, ackSeconds, broadcastFanout, pendingMessages,
        sendQueueBytes,
        laggingConnections, sequenceGaps, queueDepth, queueDropped, queueOldestSeconds,
    ]
}
