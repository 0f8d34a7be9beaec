/// Names a scheduled action. Never reused while the loop lives.
public struct TimerID: Hashable, Sendable {
    fileprivate let slot: Int32
    fileprivate let generation: UInt32
}

/// Actions that wait for their time: a binary heap of deadlines, the actions beside it. Cancelling is O(1); what was
/// cancelled leaves the heap when its time comes, or when it makes up half of a heap of more than 64.
struct Timers {
    private struct Entry {
        var deadline: MonotonicTime
        /// Of equal deadlines the one scheduled first goes first.
        var order: UInt64
        var id: TimerID
    }

    private struct Slot {
        var generation: UInt32
        var action: (() -> Void)?
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var nextOrder: UInt64 = 0

    /// Actions that wait.
    var count: Int { slots.count - free.count }

    mutating func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].action = action
        } else {
            slot = Int32(slots.count)
            slots.append(Slot(generation: 0, action: action))
        }
        let id = TimerID(slot: slot, generation: slots[Int(slot)].generation)
        heap.append(Entry(deadline: deadline, order: nextOrder, id: id))
        nextOrder += 1
        siftUp(from: heap.count - 1)
        return id
    }

    /// Forgets an action; one that ran or was cancelled is no error.
    mutating func cancel(_ id: TimerID) {
        guard isWaiting(id) else { return }
        vacate(id)
        if heap.count > 64, heap.count > count * 2 { compact() }
    }

    /// When the next action is due; nil when none waits.
    mutating func nextDeadline() -> MonotonicTime? {
        while let first = heap.first {
            if isWaiting(first.id) { return first.deadline }
            removeFirst()
        }
        return nil
    }

    /// Takes the next action that is due, earliest first.
    mutating func takeDue(at now: MonotonicTime) -> (() -> Void)? {
        while let first = heap.first {
            if !isWaiting(first.id) {
                removeFirst()
                continue
            }
            guard first.deadline <= now else { return nil }
            let action = slots[Int(first.id.slot)].action
            removeFirst()
            vacate(first.id)
            return action
        }
        return nil
    }

    private func isWaiting(_ id: TimerID) -> Bool {
        let slot = slots[Int(id.slot)]
        return slot.generation == id.generation && slot.action != nil
    }

    private mutating func vacate(_ id: TimerID) {
        slots[Int(id.slot)].action = nil
        slots[Int(id.slot)].generation &+= 1
        free.append(id.slot)
    }

    private mutating func compact() {
        heap = heap.filter { isWaiting($0.id) }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        if !heap.isEmpty { siftDown(from: 0) }
    }

    private func isEarlier(_ left: Int, _ right: Int) -> Bool {
        (heap[left].deadline, heap[left].order) < (heap[right].deadline, heap[right].order)
    }

    private mutating func siftUp(from index: Int) {
        var child = index
        while child > 0 {
            let parent = (child - 1) / 2
            guard isEarlier(child, parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(from index: Int) {
        var parent = index
        while true {
            var child = parent * 2 + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, isEarlier(child + 1, child) { child += 1 }
            guard isEarlier(child, parent) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
