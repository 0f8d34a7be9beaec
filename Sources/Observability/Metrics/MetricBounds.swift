/// Upper bounds of classic buckets, in the metric's unit; the service's thresholds are among them, so they are exact.
enum MetricBounds {
    /// Handling, in seconds.
    static let handling = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
    ]
    /// HTTP requests, in seconds: OpenTelemetry's list with 0.2 and 2.
    static let http = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10]
    /// The store and other disk work, in seconds.
    static let disk = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
    /// Round trips over the network, in seconds.
    static let roundTrip = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
    /// Lives of connections and rooms, in seconds.
    static let life: [Double] = [1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400]
    /// Sizes, in bytes.
    static let size: [Double] = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]
    /// Receivers of one message.
    static let fanout: [Double] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000]
    /// Requests in one transaction.
    static let group: [Double] = [1, 2, 5, 10, 25, 50, 100, 250, 500]
}
