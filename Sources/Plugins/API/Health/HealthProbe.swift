/// Looks after something a plugin depends on: a word list, a service, a disk of its own.
///
/// The server calls `measure` again and again on a thread that belongs to this probe alone, never on an event loop, and
/// never twice at once. The result stands beside the server's own components in health, metrics and logs.
public protocol HealthProbe: Sendable {
    /// Lower-case name of the component, such as `word-list`.
    var id: String { get }
    /// Whether the whole server is as unwell as this; otherwise it is warned of at most.
    var isCritical: Bool { get }
    /// How often to look while all is well; the server looks more often when it is not.
    var interval: Duration { get }
    /// A look that takes longer counts as unknown, and none follows before it has ended.
    var timeout: Duration { get }

    /// Looks, and may block while it does. What it throws counts as a failed look and is shown to operators only.
    func measure() throws -> ProbeReading
}

extension HealthProbe {
    public var isCritical: Bool { false }
    public var interval: Duration { .seconds(10) }
    public var timeout: Duration { .seconds(5) }

    /// One sentence when what the probe says of itself breaks a rule, nil when it is sound.
    public var fault: String? {
        let allowed: (Unicode.Scalar) -> Bool = { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
        guard (1...64).contains(id.utf8.count), id.unicodeScalars.allSatisfy(allowed), id.first != "-" else {
            return "a probe's id is 1 to 64 of a to z, 0 to 9 and `-`, not `\(id)`"
        }
        guard interval >= .milliseconds(500), interval <= .seconds(3600) else {
            return "the probe `\(id)` looks every \(interval): 0.5 s to 1 h"
        }
        guard timeout >= .milliseconds(10), timeout <= .seconds(60) else {
            return "the probe `\(id)` gives itself \(timeout): 10 ms to 60 s"
        }
        return nil
    }
}

/// What a probe saw.
public struct ProbeReading: Hashable, Sendable {
    public enum Level: String, Hashable, Sendable {
        case healthy, warning, critical
    }

    /// A number behind the judgement, shown to operators and kept as a trend.
    public struct Measurement: Hashable, Sendable {
        /// snake_case.
        public let name: String
        public let value: Double
        /// Such as `seconds`, `bytes`, `ratio`.
        public let unit: String

        public init(_ name: String, _ value: Double, unit: String) {
            self.name = name
            self.value = value
            self.unit = unit
        }
    }

    /// Most measurements of one reading; what goes beyond is left out.
    public static let maxMeasurements = 8

    public let level: Level
    /// One sentence for operators: what, value, limit. Never a secret.
    public let message: String
    public let measurements: [Measurement]

    public init(_ level: Level, _ message: String, _ measurements: [Measurement] = []) {
        self.level = level
        self.message = message
        self.measurements = Array(measurements.prefix(Self.maxMeasurements))
    }

    public static func healthy(_ message: String = "fine", _ measurements: [Measurement] = []) -> ProbeReading {
        ProbeReading(.healthy, message, measurements)
    }

    public static func warning(_ message: String, _ measurements: [Measurement] = []) -> ProbeReading {
        ProbeReading(.warning, message, measurements)
    }

    public static func critical(_ message: String, _ measurements: [Measurement] = []) -> ProbeReading {
        ProbeReading(.critical, message, measurements)
    }
}
