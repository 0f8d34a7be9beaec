import Synchronization

/// A number that only grows, one for each value of `Label`.
public struct LabelledCounter<Label: MetricLabel>: Sendable {
    public let description: MetricDescription
    private let cells = MetricCells(count: Label.allCases.count)

    init(_ description: MetricDescription) { self.description = description }

    /// - Parameter writer: the thread's own row; without one the add is atomic and any thread may do it.
    public func add(_ amount: Int = 1, _ label: Label, by writer: MetricWriter? = nil) {
        cells.add(amount, at: label.rawValue, by: writer)
    }

    public func value(_ label: Label) -> Int { cells.value(at: label.rawValue) }
}

/// A number that rises and falls, one for each value of `Label`: what threads added, plus what is read at scrape.
public struct LabelledGauge<Label: MetricLabel>: Sendable {
    public let description: MetricDescription
    private let cells = MetricCells(count: Label.allCases.count)
    private let readings = Readings<Label>()

    init(_ description: MetricDescription) { self.description = description }

    public func add(_ amount: Int = 1, _ label: Label, by writer: MetricWriter? = nil) {
        cells.add(amount, at: label.rawValue, by: writer)
    }

    /// Has a value read at each scrape, on the scraping thread; several readings add up.
    public func read(_ label: Label, _ reading: @escaping @Sendable () -> Double) {
        readings.append(label, reading)
    }

    public func value(_ label: Label) -> Double { Double(cells.value(at: label.rawValue)) + readings.sum(label) }
}

/// What a gauge asks for at scrape.
private final class Readings<Label: MetricLabel>: Sendable {
    private let readings = Mutex<[(label: Int, read: @Sendable () -> Double)]>([])

    func append(_ label: Label, _ read: @escaping @Sendable () -> Double) {
        readings.withLock { $0.append((label.rawValue, read)) }
    }

    func sum(_ label: Label) -> Double {
        let mine = readings.withLock { $0 }
        return mine.reduce(0) { $1.label == label.rawValue ? $0 + $1.read() : $0 }
    }
}

public typealias Counter = LabelledCounter<Unlabelled>
public typealias Gauge = LabelledGauge<Unlabelled>

extension LabelledCounter where Label == Unlabelled {
    public func add(_ amount: Int = 1, by writer: MetricWriter? = nil) { add(amount, .only, by: writer) }
    public var value: Int { value(.only) }
}

extension LabelledGauge where Label == Unlabelled {
    public func add(_ amount: Int = 1, by writer: MetricWriter? = nil) { add(amount, .only, by: writer) }
    public func read(_ reading: @escaping @Sendable () -> Double) { read(.only, reading) }
    public var value: Double { value(.only) }
}
