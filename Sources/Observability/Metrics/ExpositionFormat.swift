/// A form in which a scraper may have the metrics.
public enum ExpositionFormat: Sendable, CaseIterable {
    /// Prometheus text 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics
    /// Prometheus protobuf, length-delimited; the one form with native histograms.
    case protobuf

    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .protobuf:
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        }
    }

    /// The form a scraper likes most of those there are; text when it names none of them.
    ///
    /// - Parameter accept: the header `Accept`; of two forms liked alike the one it names first.
    public static func negotiated(accept: String?) -> ExpositionFormat {
        var best: (format: ExpositionFormat, weight: Double)?
        for range in (accept ?? "").split(separator: ",").prefix(maxRanges) {
            guard let (format, weight) = offer(range), weight > best?.weight ?? 0 else { continue }
            best = (format, weight)
        }
        return best?.format ?? .text
    }

    /// Whether a scraper takes gzip.
    ///
    /// - Parameter acceptEncoding: the header `Accept-Encoding`.
    public static func takesGzip(acceptEncoding: String?) -> Bool {
        var weights: [String: Double] = [:]
        for range in (acceptEncoding ?? "").split(separator: ",").prefix(maxRanges) {
            let parts = fields(range)
            guard let coding = parts.first, let weight = weight(parts.dropFirst()) else { continue }
            weights[coding] = weight
        }
        return weights["gzip"] ?? weights["*"] ?? 0 > 0
    }

    /// Media ranges of one header that are looked at.
    private static let maxRanges = 32

    private static func offer(_ range: Substring) -> (ExpositionFormat, Double)? {
        let parts = fields(range)
        guard let type = parts.first, let weight = weight(parts.dropFirst()) else { return nil }
        func parameter(_ name: String) -> String? {
            parts.dropFirst().first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        switch type {
        case "application/vnd.google.protobuf":
            let isOurs =
                parameter("proto") == "io.prometheus.client.metricfamily" && parameter("encoding") == "delimited"
            return isOurs ? (.protobuf, weight) : nil
        case "application/openmetrics-text":
            // Without a version any will do; 0.0.1 differs in nothing we write, but a reader of it may not know 1.0.
            return [nil, "1.0.0"].contains(parameter("version")) ? (.openMetrics, weight) : nil
        case "text/plain":
            return [nil, "0.0.4"].contains(parameter("version")) ? (.text, weight) : nil
        case "text/*", "*/*":
            return (.text, weight)
        default:
            return nil
        }
    }

    private static func fields(_ range: Substring) -> [String] {
        range.split(separator: ";").map { field in
            field.filter { $0 != " " && $0 != "\t" && $0 != "\"" }.lowercased()
        }
    }

    /// - Returns: 1 when none is given, nil when it is no number between 0 and 1.
    private static func weight(_ parameters: ArraySlice<String>) -> Double? {
        guard let given = parameters.first(where: { $0.hasPrefix("q=") }) else { return 1 }
        guard let weight = Double(given.dropFirst(2)), (0...1).contains(weight) else { return nil }
        return weight
    }
}
