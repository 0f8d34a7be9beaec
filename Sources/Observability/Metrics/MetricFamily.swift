/// One metric of one server: its description, the values its labels may take here, and where its numbers lie.
///
/// Its series are numbered row by row, the last label fastest.
@usableFromInline
final class MetricFamily: Sendable {
    enum Storage: Sendable {
        case counter(MetricCells)
        case gauge(GaugeCells)
        case histogram(HistogramRows)
    }

    let description: MetricDescription
    /// The values of each label, in the order of the description.
    let axes: [[String]]
    let storage: Storage
    /// Of a counter that keeps them.
    let exemplars: CounterExemplars?
    /// Series, written or not.
    let count: Int
    /// Values that were counted as `_other` because they were on no list.
    let overflow: MetricCells?
    /// Values of the first label.
    private let listed: Int
    /// Series that appear only once they were written, by the place of their first label.
    private let isQuiet: [Bool]

    init(_ description: MetricDescription, lists: MetricLists) {
        self.description = description
        axes = description.labels.map { axis in
            switch axis {
            case .values(_, let values): values
            case .list(let list): lists.values(list)
            case .text: preconditionFailure("\(description.name) has no closed labels")
            }
        }
        listed = axes.first?.count ?? 1
        count = axes.reduce(1) { $0 * $1.count }
        storage =
            switch description.kind {
            case .counter, .info: .counter(MetricCells(count: count))
            case .gauge, .stateset: .gauge(GaugeCells(count: count))
            case .histogram: .histogram(HistogramRows(HistogramLayout(description), count: count))
            }
        exemplars = description.keepsExemplars ? CounterExemplars(count: count) : nil
        if case .list = description.labels.first {
            overflow = MetricCells(count: 1)
            isQuiet = axes[0].map(lists.isQuiet)
        } else {
            overflow = nil
            isQuiet = []
        }
    }

    /// A plugin's own metric, whose labels are closed lists; the last value of one takes what is on none.
    init(domain description: MetricDescription) {
        self.description = description
        axes = description.labels.map { axis in
            guard case .values(_, let values) = axis else {
                preconditionFailure("\(description.name) has an open label")
            }
            return values
        }
        listed = axes.first?.count ?? 1
        count = axes.reduce(1) { $0 * $1.count }
        storage =
            switch description.kind {
            case .counter: .counter(MetricCells(count: count))
            case .histogram:
                // Nanoseconds, or millionths of whatever is measured.
                .histogram(
                    HistogramRows(
                        HistogramLayout(bounds: description.bounds, scale: description.unit == .seconds ? 1e9 : 1e6),
                        count: count))
            case .gauge, .info, .stateset: .gauge(GaugeCells(count: count))
            }
        exemplars = nil
        overflow = axes.isEmpty ? nil : MetricCells(count: 1)
        isQuiet = axes.first?.map { $0 == MetricLists.other } ?? []
    }

    /// The names and values of a series' labels.
    func labels(at index: Int) -> [(name: String, value: String)] {
        guard index < count else { return description.labels.map { ($0.name, MetricLists.other) } }
        var rest = index
        var labels: [(name: String, value: String)] = []
        for (axis, values) in zip(description.labels, axes).reversed() {
            labels.append((axis.name, values[rest % values.count]))
            rest /= values.count
        }
        return labels.reversed()
    }

    /// Whether a series that was never written appears as zero.
    func appearsUnwritten(_ index: Int) -> Bool {
        guard description.presence == .always else { return false }
        guard !isQuiet.isEmpty else { return true }
        return !isQuiet[index / (count / isQuiet.count)]
    }

    /// The number of the first series of a value of the first label; one that is not on the list is `_other`.
    @usableFromInline
    func row(_ place: Int) -> Int {
        let other = listed - 1
        guard place >= 0, place < other else {
            overflow?.add(1, at: 0, by: nil)
            return other
        }
        return place
    }
}
