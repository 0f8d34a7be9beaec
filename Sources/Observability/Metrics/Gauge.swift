/// A number that rises and falls, one for each value of `Label`: what threads added, what was set, what is read.
public struct LabelledGauge<Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: GaugeCells

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.gaugeCells
    }

    public var description: MetricDescription { family.description }

    @inlinable public func add(_ amount: Int = 1, _ label: Label, by writer: MetricWriter? = nil) {
        cells.add(amount, at: label.rawValue, by: writer)
    }

    /// The last of several threads that set it wins; what was added stays added.
    @inlinable public func set(_ value: Double, _ label: Label) { cells.set(value, at: label.rawValue) }

    /// Has a value read at each scrape, on the scraping thread; several readings add up.
    public func read(_ label: Label, _ reading: @escaping @Sendable () -> Double) {
        cells.read(label.rawValue, reading)
    }

    public func value(_ label: Label) -> Double { cells.value(at: label.rawValue) }
}

/// A number that rises and falls, one for each value of a list and of `Label`.
public struct ListedGauge<List: ListedAxis, Label: MetricLabel>: Sendable {
    @usableFromInline let family: MetricFamily
    @usableFromInline let cells: GaugeCells
    @usableFromInline let width = Label.allCases.count

    init(_ family: MetricFamily) {
        self.family = family
        cells = family.gaugeCells
    }

    public var description: MetricDescription { family.description }

    @inlinable func add(_ amount: Int, at place: Int, _ label: Label, by writer: MetricWriter?) {
        cells.add(amount, at: family.row(place) * width + label.rawValue, by: writer)
    }

    @inlinable func set(_ value: Double, at place: Int, _ label: Label) {
        cells.set(value, at: family.row(place) * width + label.rawValue)
    }

    func value(at place: Int, _ label: Label) -> Double { cells.value(at: place * width + label.rawValue) }

    /// Over everything on the list.
    public func value(_ label: Label) -> Double {
        family.axes[0].indices.reduce(0) { $0 + value(at: $1, label) }
    }
}

public typealias Gauge = LabelledGauge<Unlabelled>
public typealias PluginGauge<Label: MetricLabel> = ListedGauge<Plugins, Label>
public typealias LoopGauge = ListedGauge<Loops, Unlabelled>
public typealias ComponentGauge = ListedGauge<Components, Unlabelled>

/// For each component which of a closed set of states it is in.
public typealias ComponentStates = ListedGauge<Components, HealthStateLabel>

extension LabelledGauge where Label == Unlabelled {
    @inlinable public func add(_ amount: Int = 1, by writer: MetricWriter? = nil) { add(amount, .only, by: writer) }
    @inlinable public func set(_ value: Double) { set(value, .only) }
    public func read(_ reading: @escaping @Sendable () -> Double) { read(.only, reading) }
    public var value: Double { value(.only) }
}

extension ListedGauge where List == Plugins {
    /// - Parameter plugin: of `Metrics.pluginIndex`.
    @inlinable public func add(_ amount: Int = 1, plugin: Int, _ label: Label, by writer: MetricWriter? = nil) {
        add(amount, at: plugin, label, by: writer)
    }

    @inlinable public func set(_ value: Double, plugin: Int, _ label: Label) { set(value, at: plugin, label) }
    public func value(plugin: Int, _ label: Label) -> Double { value(at: plugin, label) }
}

extension ListedGauge where List == Loops, Label == Unlabelled {
    /// - Parameter loop: its number.
    @inlinable public func set(_ value: Double, loop: Int) { set(value, at: loop, .only) }
    public func value(loop: Int) -> Double { value(at: loop, .only) }
}

extension ListedGauge where List == Components, Label == Unlabelled {
    /// - Parameter component: of `Metrics.componentIndex`.
    @inlinable public func set(_ value: Double, component: Int) { set(value, at: component, .only) }
    public func value(component: Int) -> Double { value(at: component, .only) }
}

extension ListedGauge where List == Components, Label == HealthStateLabel {
    /// Makes this the component's one state.
    @inlinable public func set(component: Int, _ state: HealthStateLabel) {
        for each in HealthStateLabel.allCases { set(each == state ? 1 : 0, at: component, each) }
    }

    public func value(component: Int, _ state: HealthStateLabel) -> Double { value(at: component, state) }
}

extension MetricFamily {
    var gaugeCells: GaugeCells {
        guard case .gauge(let cells) = storage else { preconditionFailure("\(description.name) is no gauge") }
        return cells
    }
}
