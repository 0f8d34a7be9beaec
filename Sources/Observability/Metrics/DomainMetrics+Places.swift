// For who knows the place of a label's value among those declared: nothing is looked up by name. Places beyond the list,
// and those beyond the ceilings, count as `_other`; a metric without a label has place 0.

extension DomainMetrics {
    /// Adds to a counter.
    public func add(_ amount: Int, _ metric: Int, at place: Int, by writer: MetricWriter? = nil) {
        guard case .counter(let cells) = families[metric].storage else { return }
        cells.add(max(0, amount), at: series(place, of: metric), by: writer)
    }

    /// Sets a gauge.
    public func set(_ number: Double, _ metric: Int, at place: Int) {
        guard case .gauge(let cells) = families[metric].storage else { return }
        cells.set(number, at: series(place, of: metric))
    }

    /// Records a number in the unit of the metric.
    public func record(_ number: Double, _ metric: Int, at place: Int, by writer: MetricWriter? = nil) {
        guard case .histogram(let rows) = families[metric].storage, !number.isNaN else { return }
        let fine = Int(exactly: (number * rows.layout.scale).rounded()) ?? (number > 0 ? .max >> 8 : 0)
        rows.record(fine, at: series(place, of: metric), by: writer)
    }

    private func series(_ place: Int, of metric: Int) -> Int {
        families[metric].axes.isEmpty ? 0 : families[metric].row(place)
    }
}
