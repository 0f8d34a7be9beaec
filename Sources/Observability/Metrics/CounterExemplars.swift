import Synchronization

/// The newest exemplar of each series of a counter.
@usableFromInline
final class CounterExemplars: @unchecked Sendable {
    // Safe to share: the pointer is set once, every access goes through an `Atomic`, and the last owner frees it.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    init(count: Int) {
        self.count = count
        words = .allocate(capacity: count * ExemplarSlot.words)
        for word in 0..<count * ExemplarSlot.words { (words + word).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: count * ExemplarSlot.words)
        words.deallocate()
    }

    @usableFromInline
    func keep(_ exemplar: Exemplar, amount: Int, at index: Int) {
        precondition(index < count)
        ExemplarSlot.write(exemplar, value: amount, to: words + index * ExemplarSlot.words)
    }

    func content(at index: Int) -> ExemplarSlot.Content? {
        precondition(index < count)
        return ExemplarSlot.read(words + index * ExemplarSlot.words)
    }
}
