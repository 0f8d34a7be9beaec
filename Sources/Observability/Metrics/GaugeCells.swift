import Synchronization

/// The memory under one gauge: for each series what threads added and what was set last.
@usableFromInline
final class GaugeCells: @unchecked Sendable {
    // Safe to share: the pointer is set once, every access goes through an `Atomic`, and the last owner frees it.
    private let assigned: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let added: MetricCells
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

    /// - Returns: nil when it was never set, and what was added comes to nothing.
    func written(at index: Int) -> Double? {
        precondition(index < count)
        let set = Double(bitPattern: assigned[index].load(ordering: .relaxed))
        let sum = added.value(at: index)
        guard !set.isNaN else { return sum == 0 ? nil : Double(sum) }
        return set + Double(sum)
    }

    func value(at index: Int) -> Double { written(at: index) ?? 0 }
}
