import Synchronization

/// The memory under one metric: a row of atomic cells for each writer, rows a cache line apart or more.
///
/// Row 0 belongs to everybody and is added to atomically; every other row has one writer, which loads and stores
/// without a locked instruction. A reader sums the rows, so a sum may be a moment old and never torn.
@usableFromInline
final class MetricCells: @unchecked Sendable {
    // Safe to share: `cells` is set once, every access goes through an `Atomic`, and the last owner frees it.
    private let cells: UnsafeMutablePointer<Atomic<Int>>
    private let stride: Int
    private let rows: Int
    let count: Int

    /// Cells of 8 bytes that fill two cache lines, what neighbouring-line prefetch takes at once.
    private static let cellsPerLine = 16

    init(count: Int, rows: Int = MetricWriter.limit + 1) {
        self.count = count
        self.rows = rows
        stride = (count + Self.cellsPerLine - 1) / Self.cellsPerLine * Self.cellsPerLine
        cells = .allocate(capacity: stride * rows)
        for index in 0..<stride * rows { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: stride * rows)
        cells.deallocate()
    }

    @inlinable @inline(__always)
    func add(_ amount: Int, at index: Int, by writer: MetricWriter?) {
        // Only its number goes on, so that nobody counts references to the writer.
        add(amount, at: index, row: writer?.row ?? 0)
    }

    @usableFromInline
    func add(_ amount: Int, at index: Int, row: Int) {
        precondition(index < count)
        guard row > 0 else {
            cells[index].wrappingAdd(amount, ordering: .relaxed)
            return
        }
        let cell = cells + (row &* stride &+ index)
        cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Stores a total in everybody's row; not to be mixed with adding by several threads.
    func raise(to total: Int, at index: Int) {
        precondition(index < count)
        cells[index].store(total, ordering: .relaxed)
    }

    var total: Int { (0..<count).reduce(0) { $0 &+ value(at: $1) } }

    /// The sum over all writers.
    func value(at index: Int) -> Int {
        precondition(index < count)
        var sum = 0
        for row in 0..<rows { sum &+= cells[row * stride + index].load(ordering: .relaxed) }
        return sum
    }
}
