/// Every metric of the server: its name, kind and meaning, in the order they are exposed.
///
/// The label values stand in `MetricLabels.swift`. Names are API: one is never reused for another meaning.
public enum MetricCatalogue {
    public static let connections = MetricDescription(
        "gameserver_connections", .gauge, "WebSocket connections open now.")
    public static let connectionsOpened = MetricDescription(
        "gameserver_connections_opened_total", .counter, "WebSocket connections opened.")
    public static let connectionsClosed = MetricDescription(
        "gameserver_connections_closed_total", .counter, "WebSocket connections closed, by close code.")
    public static let rooms = MetricDescription("gameserver_rooms", .gauge, "Rooms open now, by state.")
    public static let messagesReceived = MetricDescription(
        "gameserver_messages_received_total", .counter, "WebSocket messages received from clients.")
    public static let messagesSent = MetricDescription(
        "gameserver_messages_sent_total", .counter, "WebSocket messages handed to the kernel or queued for a client.")
    public static let receivedBytes = MetricDescription(
        "gameserver_received_bytes_total", .counter, "Bytes received from clients, framing included.")
    public static let sentBytes = MetricDescription(
        "gameserver_sent_bytes_total", .counter, "Bytes sent to clients, framing included.")
    public static let commands = MetricDescription(
        "gameserver_commands_total", .counter, "Commands answered, by result: ok, repeated or the refusal's code.")
    public static let commits = MetricDescription(
        "gameserver_commits_total", .counter, "Records offered to the event store, by outcome.")
    public static let commitSeconds = MetricDescription(
        "gameserver_commit_seconds", .histogram, "From offering a record to the event store until its outcome.")
    public static let resumes = MetricDescription(
        "gameserver_resumes_total", .counter, "Clients that came back to a room, by verdict.")
    public static let logLinesDropped = MetricDescription(
        "gameserver_log_lines_dropped_total", .counter, "Log lines dropped because the writer could not keep up.")
    public static let buildInfo = MetricDescription(
        "gameserver_build_info", .gauge, "The running version; the value is always 1.")
    public static let uptimeSeconds = MetricDescription(
        "gameserver_uptime_seconds", .gauge, "Time since the process started.")
    /// The name every Prometheus client library uses, so ready-made panels find it.
    public static let processStartTimeSeconds = MetricDescription(
        "process_start_time_seconds", .gauge, "Start of the process as Unix time.")

    public static let all = [
        connections, connectionsOpened, connectionsClosed, rooms, messagesReceived, messagesSent, receivedBytes,
        sentBytes, commands, commits, commitSeconds, resumes, logLinesDropped, buildInfo, uptimeSeconds,
        processStartTimeSeconds,
    ]
}
