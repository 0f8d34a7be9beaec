import Synchronization

/// All instruments of one server, and their exposition.
///
/// Instruments are values over shared atomic cells: take a copy where it is used, write it from any thread.
public final class Metrics: Sendable {
    public let connections = Gauge(MetricCatalogue.connections)
    public let connectionsOpened = Counter(MetricCatalogue.connectionsOpened)
    public let connectionsClosed = LabelledCounter<CloseLabel>(MetricCatalogue.connectionsClosed)
    public let rooms = LabelledGauge<RoomStateLabel>(MetricCatalogue.rooms)
    public let messagesReceived = Counter(MetricCatalogue.messagesReceived)
    public let messagesSent = Counter(MetricCatalogue.messagesSent)
    public let receivedBytes = Counter(MetricCatalogue.receivedBytes)
    public let sentBytes = Counter(MetricCatalogue.sentBytes)
    public let commands = LabelledCounter<CommandLabel>(MetricCatalogue.commands)
    public let commits = LabelledCounter<CommitLabel>(MetricCatalogue.commits)
    public let commitSeconds = Histogram(MetricCatalogue.commitSeconds, bounds: storeBounds)
    public let resumes = LabelledCounter<ResumeLabel>(MetricCatalogue.resumes)
    public let logLinesDropped = Counter(MetricCatalogue.logLinesDropped)

    /// What the process says of itself.
    public struct Process: Sendable {
        public var version: String
        /// Unix time.
        public var startSeconds: Double
        /// Seconds since the start, read at scrape.
        public var uptimeSeconds: @Sendable () -> Double

        public init(version: String, startSeconds: Double, uptimeSeconds: @escaping @Sendable () -> Double) {
            self.version = version
            self.startSeconds = startSeconds
            self.uptimeSeconds = uptimeSeconds
        }
    }

    private static let storeBounds: [Duration] = [
        .microseconds(100), .microseconds(500), .milliseconds(1), .milliseconds(5), .milliseconds(10),
        .milliseconds(50), .milliseconds(100), .milliseconds(500), .seconds(1), .seconds(5), .seconds(10),
    ]

    private let process: Process
    private let writers = Atomic(0)

    public init(process: Process) { self.process = process }

    /// The calling thread's own row.
    ///
    /// - Returns: nil when `MetricWriter.limit` threads have one; adds without a writer are right too, only dearer.
    public func makeWriter() -> MetricWriter? {
        let row = writers.wrappingAdd(1, ordering: .relaxed).newValue
        return row <= MetricWriter.limit ? MetricWriter(row: row) : nil
    }

    /// Every metric in text format 0.0.4. Safe on any thread; it reads and blocks nobody.
    public func exposition() -> [UInt8] {
        var text = Exposition()
        text.append(connections)
        text.append(connectionsOpened)
        text.append(connectionsClosed)
        text.append(rooms)
        text.append(messagesReceived)
        text.append(messagesSent)
        text.append(receivedBytes)
        text.append(sentBytes)
        text.append(commands)
        text.append(commits)
        text.append(commitSeconds)
        text.append(resumes)
        text.append(logLinesDropped)
        text.append(MetricCatalogue.buildInfo, labels: [("version", process.version)], value: 1)
        text.append(MetricCatalogue.uptimeSeconds, value: process.uptimeSeconds())
        text.append(MetricCatalogue.processStartTimeSeconds, value: process.startSeconds)
        return text.bytes
    }
}
