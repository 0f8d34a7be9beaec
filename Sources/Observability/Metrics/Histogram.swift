/// How values spread, one row of buckets for each value of `Label`.
public struct LabelledHistogram<Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let rows: HistogramRows

    init(_ family: MetricFamily) {
        self.family = family
        rows = family.histogramRows
    }

    public var description: MetricDescription { family.description }

    /// Counts one duration; a negative one counts as zero.
    @inlinable public func record(
        _ duration: Duration, _ label: Label, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        rows.record(duration.nanoseconds, at: label.rawValue, maybe: exemplar, by: writer)
    }

    /// Counts one duration without a `Duration`, whose conversion costs more than the counting; below zero counts as zero.
    @inlinable public func record(nanoseconds: Int, _ label: Label, by writer: MetricWriter? = nil) {
        rows.record(nanoseconds, at: label.rawValue, by: writer)
    }

    /// Counts one size or number, of a metric that is not in seconds.
    @inlinable public func record(
        _ value: Int, _ label: Label, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        rows.record(value, at: label.rawValue, maybe: exemplar, by: writer)
    }

    public func snapshot(_ label: Label) -> HistogramSnapshot { rows.snapshot(at: label.rawValue) }

    /// Over all values of the label.
    public func snapshot() -> HistogramSnapshot { rows.snapshot() }

    /// In the metric's unit, over all values of the label; nil when nothing was recorded.
    public func quantile(_ share: Double) -> Double? { snapshot().quantile(share) }
}

/// How values spread, one row of buckets for each value of a list.
public struct ListedHistogram<List: ListedAxis>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let rows: HistogramRows

    init(_ family: MetricFamily) {
        self.family = family
        rows = family.histogramRows
    }

    public var description: MetricDescription { family.description }

    @inlinable func record(_ value: Int, at place: Int, exemplar: Exemplar?, by writer: MetricWriter?) {
        rows.record(value, at: family.row(place), maybe: exemplar, by: writer)
    }

    func snapshot(at place: Int) -> HistogramSnapshot { rows.snapshot(at: place) }

    /// Over everything on the list.
    public func snapshot() -> HistogramSnapshot { rows.snapshot() }
    public func quantile(_ share: Double) -> Double? { snapshot().quantile(share) }
}

/// How long HTTP requests took, by method, route and status.
public struct RequestHistogram: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let rows: HistogramRows
    @usableFromInline let routes: Int

    init(_ family: MetricFamily) {
        self.family = family
        rows = family.histogramRows
        routes = family.axes[1].count
    }

    public var description: MetricDescription { family.description }

    /// - Parameter route: of `Metrics.routeIndex`.
    @inlinable public func record(
        _ duration: Duration, _ method: HTTPMethodLabel, route: Int, _ status: HTTPStatusLabel,
        exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        let index = (method.rawValue * routes + place(route)) * HTTPStatusLabel.allCases.count + status.rawValue
        rows.record(duration.nanoseconds, at: index, maybe: exemplar, by: writer)
    }

    @usableFromInline
    func place(_ route: Int) -> Int {
        let other = routes - 1
        if route >= 0 && route < other { return route }
        rows.countOverflow()
        return other
    }

    public func snapshot() -> HistogramSnapshot { rows.snapshot() }
    public func quantile(_ share: Double) -> Double? { snapshot().quantile(share) }
}

public typealias Histogram = LabelledHistogram<Unlabelled>

extension LabelledHistogram where Label == Unlabelled {
    @inlinable public func record(_ duration: Duration, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil) {
        record(duration, .only, exemplar: exemplar, by: writer)
    }

    @inlinable public func record(_ value: Int, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil) {
        record(value, .only, exemplar: exemplar, by: writer)
    }
}

extension ListedHistogram where List == Plugins {
    /// - Parameter plugin: of `Metrics.pluginIndex`.
    @inlinable public func record(
        _ duration: Duration, plugin: Int, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        record(duration.nanoseconds, at: plugin, exemplar: exemplar, by: writer)
    }

    @inlinable public func record(nanoseconds: Int, plugin: Int, by writer: MetricWriter? = nil) {
        record(nanoseconds, at: plugin, exemplar: nil, by: writer)
    }

    public func snapshot(plugin: Int) -> HistogramSnapshot { snapshot(at: plugin) }
}

extension ListedHistogram where List == Loops {
    @inlinable public func record(
        _ duration: Duration, loop: Int, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        record(duration.nanoseconds, at: loop, exemplar: exemplar, by: writer)
    }

    public func snapshot(loop: Int) -> HistogramSnapshot { snapshot(at: loop) }
}

extension ListedHistogram where List == Components {
    /// - Parameter component: of `Metrics.componentIndex`.
    @inlinable public func record(_ duration: Duration, component: Int, by writer: MetricWriter? = nil) {
        record(duration.nanoseconds, at: component, exemplar: nil, by: writer)
    }
}

extension ListedHistogram where List == Routes {
    /// - Parameter route: of `Metrics.routeIndex`.
    @inlinable public func record(_ bytes: Int, route: Int, by writer: MetricWriter? = nil) {
        record(bytes, at: route, exemplar: nil, by: writer)
    }
}

extension HistogramRows {
    @inlinable @inline(__always)
    func record(_ value: Int, at index: Int, maybe exemplar: Exemplar? = nil, by writer: MetricWriter?) {
        // Only the writer's number goes on, so that nobody counts references to it.
        let row = writer?.row ?? 0
        if let exemplar {
            record(value, at: index, exemplar: exemplar, row: row)
        } else {
            record(value, at: index, row: row)
        }
    }

    func snapshot(at index: Int) -> HistogramSnapshot {
        var snapshot = HistogramSnapshot(layout)
        add(at: index, to: &snapshot.cells)
        return snapshot
    }

    func snapshot() -> HistogramSnapshot {
        var snapshot = HistogramSnapshot(layout)
        for index in 0...count { add(at: index, to: &snapshot.cells) }
        return snapshot
    }
}

extension MetricFamily {
    var histogramRows: HistogramRows {
        guard case .histogram(let rows) = storage else { preconditionFailure("\(description.name) is no histogram") }
        return rows
    }
}

extension Duration {
    /// Whole nanoseconds; holds 292 years.
    @inlinable var nanoseconds: Int {
        // Below 18 seconds, where nearly all lie, one division of a machine word.
        let attoseconds = attoseconds
        if let short = UInt64(exactly: attoseconds) { return Int(short / 1_000_000_000) }
        let (seconds, rest) = components
        return Int(seconds) &* 1_000_000_000 &+ Int(rest / 1_000_000_000)
    }

    var seconds: Double { Double(nanoseconds) / 1e9 }
}
