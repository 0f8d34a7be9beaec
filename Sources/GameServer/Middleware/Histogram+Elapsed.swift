import Observability
import PluginAPI

// Times of hooks go into histograms as the whole nanoseconds they are.

extension LabelledHistogram {
    @inline(__always)
    func record(_ elapsed: Elapsed, _ label: Label, by writer: MetricWriter?) {
        record(nanoseconds: Int(elapsed.nanoseconds), label, by: writer)
    }
}

extension LabelledHistogram where Label == Unlabelled {
    @inline(__always)
    func record(_ elapsed: Elapsed, by writer: MetricWriter?) {
        record(elapsed, .only, by: writer)
    }

    /// With what an example of it is; nil where there is none.
    @inline(__always)
    func record(_ elapsed: Elapsed, exemplar: Exemplar?, by writer: MetricWriter?) {
        guard let exemplar else { return record(elapsed, by: writer) }
        record(elapsed.duration, exemplar: exemplar, by: writer)
    }
}

extension ListedHistogram where List == Plugins {
    @inline(__always)
    func record(_ elapsed: Elapsed, plugin: Int, by writer: MetricWriter?) {
        record(nanoseconds: Int(elapsed.nanoseconds), plugin: plugin, by: writer)
    }
}
