/// A number that only grows, one for each value of `Label`.
public struct LabelledCounter<Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: MetricCells

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.counterCells
    }

    public var description: MetricDescription { family.description }

    /// - Parameter writer: the thread's own row; without one the add is atomic and any thread may do it.
    @inlinable public func add(_ amount: Int = 1, _ label: Label, by writer: MetricWriter? = nil) {
        cells.add(amount, at: label.rawValue, by: writer)
    }

    /// Takes over a total that somebody else counts; not to be mixed with adding.
    public func raise(to total: Int, _ label: Label) { cells.raise(to: total, at: label.rawValue) }

    public func value(_ label: Label) -> Int { cells.value(at: label.rawValue) }

    public var total: Int { cells.total }
}

/// A number that only grows, one for each pair of labels.
public struct LabelledCounter2<First: MetricLabel, Second: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: MetricCells
    @usableFromInline let width = Second.allCases.count

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.counterCells
    }

    public var description: MetricDescription { family.description }

    /// - Parameter exemplar: what counted, where the metric keeps that.
    @inlinable public func add(
        _ amount: Int = 1, _ first: First, _ second: Second, exemplar: Exemplar? = nil, by writer: MetricWriter? = nil
    ) {
        let index = first.rawValue * width + second.rawValue
        cells.add(amount, at: index, by: writer)
        if let exemplar { keep(exemplar, amount, at: index) }
    }

    @usableFromInline
    func keep(_ exemplar: Exemplar, _ amount: Int, at index: Int) {
        family.exemplars?.keep(exemplar, amount: amount, at: index)
    }

    public func value(_ first: First, _ second: Second) -> Int {
        cells.value(at: first.rawValue * width + second.rawValue)
    }

    /// Over all values of the second label.
    public func value(_ first: First) -> Int { Second.allCases.reduce(0) { $0 + value(first, $1) } }

    public var total: Int { cells.total }
}

/// A number that only grows, one for each value of a list and of `Label`.
public struct ListedCounter<List: ListedAxis, Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: MetricCells
    @usableFromInline let width = Label.allCases.count

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.counterCells
    }

    public var description: MetricDescription { family.description }

    @inlinable func add(_ amount: Int, at place: Int, _ label: Label, by writer: MetricWriter?) {
        cells.add(amount, at: family.row(place) * width + label.rawValue, by: writer)
    }

    func value(at place: Int, _ label: Label) -> Int { cells.value(at: place * width + label.rawValue) }

    /// Over everything on the list.
    public func value(_ label: Label) -> Int {
        family.axes[0].indices.reduce(0) { $0 + value(at: $1, label) }
    }

    public var total: Int { cells.total }
}

/// Time that adds up, one sum for each value of `Label`.
public struct LabelledSeconds<Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: MetricCells

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.counterCells
    }

    public var description: MetricDescription { family.description }

    @inlinable public func add(_ time: Duration, _ label: Label, by writer: MetricWriter? = nil) {
        cells.add(time.nanoseconds, at: label.rawValue, by: writer)
    }

    /// Takes over a time that somebody else adds up, as a thread's CPU clock.
    public func raise(to total: Duration, _ label: Label) { cells.raise(to: total.nanoseconds, at: label.rawValue) }

    public func value(_ label: Label) -> Duration { .nanoseconds(cells.value(at: label.rawValue)) }
}

/// Time that adds up, one sum for each event loop.
public struct LoopSeconds: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: MetricCells

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.counterCells
    }

    public var description: MetricDescription { family.description }

    @inlinable public func add(_ time: Duration, loop: Int, by writer: MetricWriter? = nil) {
        cells.add(time.nanoseconds, at: family.row(loop), by: writer)
    }

    public func value(loop: Int) -> Duration { .nanoseconds(cells.value(at: loop)) }
}

public typealias Counter = LabelledCounter<Unlabelled>
public typealias PluginCounter<Label: MetricLabel> = ListedCounter<Plugins, Label>
public typealias ComponentCounter<Label: MetricLabel> = ListedCounter<Components, Label>

extension LabelledCounter where Label == Unlabelled {
    @inlinable public func add(_ amount: Int = 1, by writer: MetricWriter? = nil) { add(amount, .only, by: writer) }
    public func raise(to total: Int) { raise(to: total, .only) }
    public var value: Int { value(.only) }
}

extension ListedCounter where List == Plugins {
    /// - Parameter plugin: of `Metrics.pluginIndex`.
    @inlinable public func add(_ amount: Int = 1, plugin: Int, _ label: Label, by writer: MetricWriter? = nil) {
        add(amount, at: plugin, label, by: writer)
    }

    public func value(plugin: Int, _ label: Label) -> Int { value(at: plugin, label) }
}

extension ListedCounter where List == Plugins, Label == Unlabelled {
    @inlinable public func add(_ amount: Int = 1, plugin: Int, by writer: MetricWriter? = nil) {
        add(amount, at: plugin, .only, by: writer)
    }

    public func value(plugin: Int) -> Int { value(at: plugin, .only) }
}

extension ListedCounter where List == Components {
    /// - Parameter component: of `Metrics.componentIndex`.
    @inlinable public func add(_ amount: Int = 1, component: Int, _ label: Label, by writer: MetricWriter? = nil) {
        add(amount, at: component, label, by: writer)
    }

    public func value(component: Int, _ label: Label) -> Int { value(at: component, label) }
}

extension MetricFamily {
    var counterCells: MetricCells {
        guard case .counter(let cells) = storage else { preconditionFailure("\(description.name) is no counter") }
        return cells
    }
}
