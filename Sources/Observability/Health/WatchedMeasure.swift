/// One value of a check that has a band: its level, its trend and the newest reading of it.
struct WatchedMeasure: Sendable {
    let name: String
    let band: HealthBand
    private(set) var state: MeasuredLevel
    private(set) var trend: Trend
    private(set) var newest: Measurement?
    /// The newest value's own level, before any agreement.
    private(set) var entered = HealthLevel.unknown
    private var warnsEarly = false

    init(name: String, band: HealthBand, check: HealthCheck) {
        self.name = name
        self.band = band
        let agreement = check.hard.contains(name) ? .hard : check.agreement
        state = MeasuredLevel(agreement, warningHold: band.warningHold, criticalHold: band.criticalHold)
        trend = Trend(spacing: check.bounds.base)
    }

    /// - Parameter measurement: nil when there was nothing to measure, which is a good result.
    mutating func record(_ measurement: Measurement?, at now: Duration) {
        newest = measurement
        guard let measurement else {
            entered = .healthy
            warnsEarly = false
            return state.record(entered: .healthy, held: .healthy, at: now)
        }
        trend.add(measurement.value, at: now)
        entered = band.entered(measurement.value)
        var held = band.held(measurement.value)
        if let early = band.earlyWarning {
            let ahead = trend.timeToReach(early.limit, at: now)
            warnsEarly = trend.watched >= early.minWatched && ahead.map { $0 < early.within } ?? false
            if warnsEarly { entered = .worst([entered, .warning]) }
            if let ahead, ahead < early.leaveWithin { held = .worst([held, .warning]) }
        }
        state.record(entered: entered, held: held, at: now)
    }

    /// Until the trend passes the next threshold.
    func timeToThreshold(at now: Duration) -> Duration? {
        guard let newest, let threshold = band.nextThreshold(from: state.level),
            band.entered(newest.value).severity <= state.level.severity,
            let slope = trend.slopePerSecond, (slope > 0) == (band.direction == .above)
        else { return nil }
        return trend.timeToReach(threshold, at: now)
    }

    /// Why the level is what it is: `memory 92.1 % is above 90 %`.
    func reason(at now: Duration) -> String {
        guard let newest else { return "\(name): nothing to measure" }
        let value = "\(name) \(newest.valueText)"
        if entered == .healthy, state.level == .healthy { return value }
        if warnsEarly, band.entered(newest.value) == .healthy, let early = band.earlyWarning {
            let time = trend.timeToReach(early.limit, at: now)?.words ?? "soon"
            return "\(value), reaches \(newest.text(early.limit)) in \(time)"
        }
        let side = band.direction == .above ? "above" : "below"
        if entered != .healthy, let threshold = band.shownThreshold(at: entered) {
            return "\(value) is \(side) \(newest.text(threshold))"
        }
        guard let leave = state.level == .critical ? band.leaveCritical : band.leaveWarning else { return value }
        let isBack = band.held(newest.value).severity < state.level.severity
        return isBack
            ? "\(value), no longer \(side) \(newest.text(leave))" : "\(value), still \(side) \(newest.text(leave))"
    }
}

extension Measurement {
    var valueText: String { text(value) }

    /// A value in this measurement's unit, for people.
    func text(_ value: Double) -> String {
        switch unit {
        case "ratio": "\(Self.rounded(value * 100)) %"
        case "seconds" where abs(value) < 1: "\(Self.rounded(value * 1000)) ms"
        case "seconds": Duration.seconds(min(max(value, -1e9), 1e9)).words
        case "bytes": Self.bytes(value)
        case "count", "": Self.rounded(value)
        default: "\(Self.rounded(value)) \(unit)"
        }
    }

    private static func bytes(_ value: Double) -> String {
        var value = value
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if abs(value) < 1024 { return "\(rounded(value)) \(unit)" }
            value /= 1024
        }
        return "\(rounded(value)) TiB"
    }

    static func rounded(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        if tenths == 0, value != 0 { return "\(value)" }
        return Int(exactly: tenths).map(String.init) ?? "\(tenths)"
    }
}
