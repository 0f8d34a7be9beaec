import Synchronization

/// The memory under one gauge: for each series what threads added, what was set last, and what is read at scrape.
@usableFromInline
final class GaugeCells: @unchecked Sendable {
    // Safe to share: the pointer is set once, every access goes through an `Atomic`, and the last owner frees it.
    private let assigned: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let added: MetricCells
    private let readings = Mutex<[(index: Int, read: @Sendable () -> Double)]>([])
    private let hasReadings = Atomic(false)
    let count: Int

    init(count: Int) {
        self.count = count
        added = MetricCells(count: count)
        assigned = .allocate(capacity: count)
        for index in 0..<count { (assigned + index).initialize(to: Atomic(Double.nan.bitPattern)) }
    }

    deinit {
        assigned.deinitialize(count: count)
        assigned.deallocate()
    }

    @inlinable @inline(__always)
    func add(_ amount: Int, at index: Int, by writer: MetricWriter?) { added.add(amount, at: index, by: writer) }

    /// The last of several threads that set it wins.
    @usableFromInline
    func set(_ value: Double, at index: Int) {
        precondition(index < count)
        assigned[index].store(value.bitPattern, ordering: .relaxed)
    }

    func read(_ index: Int, _ reading: @escaping @Sendable () -> Double) {
        precondition(index < count)
        readings.withLock { $0.append((index, reading)) }
        hasReadings.store(true, ordering: .releasing)
    }

    /// - Returns: nil when it was never set, read or added to.
    func written(at index: Int) -> Double? {
        precondition(index < count)
        let set = Double(bitPattern: assigned[index].load(ordering: .relaxed))
        let sum = added.value(at: index)
        var value = (set.isNaN ? 0 : set) + Double(sum)
        var isWritten = !set.isNaN || sum != 0
        if hasReadings.load(ordering: .acquiring) {
            let mine = readings.withLock { $0.filter { $0.index == index } }
            for reading in mine { value += reading.read() }
            isWritten = isWritten || !mine.isEmpty
        }
        return isWritten ? value : nil
    }

    func value(at index: Int) -> Double { written(at: index) ?? 0 }
}
