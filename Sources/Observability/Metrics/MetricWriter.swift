/// The right to write one row of every metric cheaply; made by `Metrics.makeWriter` and kept by one thread.
///
/// It is not Sendable, so the compiler keeps it on the thread it was given to.
public final class MetricWriter {
    /// Most writers of a process. A thread beyond it shares the common row and pays an atomic add.
    public static let limit = 16

    @usableFromInline let row: Int

    init(row: Int) { self.row = row }
}

@available(*, unavailable)
extension MetricWriter: Sendable {}
