import TestSupport
import Testing

@testable import WebSocket

@Suite("The timer wheel") struct TimerWheelTests {
    /// A wheel, what hangs on it, and what ought to.
    private struct World {
        var wheel: TimerWheel
        var now: MonotonicTime
        let items: [Pollable]
        var expected: [MonotonicTime?]
        private let shared: LoopShared.Pointer

        init(items count: Int, now: MonotonicTime) {
            // Never looked at: the wheel knows only the places of what hangs on it.
            let shared = LoopShared.Pointer.allocate(capacity: 1)
            self.shared = shared
            self.now = now
            wheel = TimerWheel(now: now)
            items = (0..<count).map { Pollable(fd: Int32($0), shared: shared) }
            expected = Array(repeating: nil, count: count)
        }

        func end() {
            wheel.deallocate()
            shared.deallocate()
        }

        mutating func set(_ index: Int, at deadline: MonotonicTime) {
            wheel.set(items[index], at: deadline, now: now)
            expected[index] = deadline
        }

        mutating func clear(_ index: Int) {
            wheel.clear(items[index])
            expected[index] = nil
        }

        /// Lets time pass to an instant; says what was early, late, or due and never set.
        mutating func advance(to instant: MonotonicTime) -> [String] {
            now = instant
            var faults: [String] = []
            while let due = wheel.takeDue(at: instant) {
                let index = Int(due.fd)
                guard let deadline = expected[index] else {
                    faults.append("\(index) is due and was never set")
                    continue
                }
                if deadline > instant { faults.append("\(index) is early by \(deadline - instant)") }
                expected[index] = nil
            }
            for (index, deadline) in expected.enumerated() {
                if let deadline, instant - deadline > .milliseconds(2) {
                    faults.append("\(index) is late by \(instant - deadline)")
                }
            }
            return faults
        }
    }

    private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `a deadline is due when it has passed, and not before`() {
        var world = World(items: 1, now: at(1000))
        defer { world.end() }
        world.set(0, at: MonotonicTime(nanoseconds: 1_500_000_001))
        #expect(world.wheel.takeDue(at: MonotonicTime(nanoseconds: 1_500_000_000)) == nil)
        #expect(world.advance(to: at(1501)).isEmpty && world.expected[0] == nil)
        #expect(world.wheel.nextLook() == nil)
    }

    @Test func `one that has passed already is due at the next tick, so nobody can keep a turn from ending`() {
        var world = World(items: 1, now: at(5000))
        defer { world.end() }
        world.set(0, at: at(10))
        #expect(world.wheel.takeDue(at: at(5000)) == nil)
        #expect(world.wheel.takeDue(at: at(5001)) === world.items[0])
    }

    @Test func `setting again moves, clearing forgets, and clearing twice is no error`() {
        var world = World(items: 2, now: at(0))
        defer { world.end() }
        world.set(0, at: at(10))
        world.set(1, at: at(10))
        world.set(0, at: at(100_000))
        world.clear(1)
        world.clear(1)
        #expect(world.wheel.takeDue(at: at(99_999)) == nil)
        #expect(world.wheel.takeDue(at: at(100_000)) === world.items[0])
        #expect(!world.items[0].place.isSet)
    }

    @Test func `the next look is never after the next deadline, and comes to it in a few steps`() {
        for span: Int64 in [1, 63, 64, 65, 4095, 4096, 5_000_000, 86_400_000, 40 * 86_400_000] {
            var world = World(items: 1, now: at(123_456_789))
            defer { world.end() }
            let deadline = at(123_456_789 + span)
            world.set(0, at: deadline)
            var looks = 0
            while let look = world.wheel.nextLook(), looks < 10 {
                #expect(look <= deadline)
                #expect(look >= world.now)
                looks += 1
                #expect(world.advance(to: look).isEmpty)
            }
            #expect(world.expected[0] == nil && looks <= 7, "\(span) ms took \(looks) looks")
        }
    }

    @Test func `a deadline for ever hangs without harm, also beside others and over years`() {
        var world = World(items: 2, now: at(1))
        defer { world.end() }
        world.set(0, at: .never)
        world.set(1, at: at(3_000_000_000))
        #expect(world.advance(to: at(2_999_999_999)).isEmpty)
        #expect(world.expected[1] != nil)
        #expect(world.advance(to: at(3_000_000_000)).isEmpty)
        #expect(world.expected[1] == nil && world.expected[0] != nil)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `150,000 random settings and clearings are due when a plain list says so`(seed: UInt64) {
        print("seed \(seed)")
        var luck = SplitMix(state: seed)
        var world = World(items: 300, now: at(Int64(luck.next() % 10_000_000_000)))
        defer { world.end() }
        for _ in 0..<150_000 {
            let index = Int(luck.next() % 300)
            switch luck.next() % 8 {
            case 0: world.clear(index)
            case 1:
                let step = Int64(luck.next() % (luck.next() % 50 == 0 ? 200_000_000_000 : 30_000_000))
                let faults = world.advance(to: MonotonicTime(nanoseconds: world.now.nanoseconds + step))
                guard faults.isEmpty else {
                    Issue.record("\(faults.prefix(3))")
                    return
                }
            default:
                let magnitude = luck.next() % 40
                let span = Int64(luck.next() & ((1 << magnitude) - 1))
                world.set(index, at: MonotonicTime(nanoseconds: world.now.nanoseconds + span))
            }
        }
        let last = world.expected.compactMap(\.self).max() ?? world.now
        #expect(world.advance(to: last + .milliseconds(1)).isEmpty)
        #expect(world.expected.allSatisfy { $0 == nil } && world.wheel.nextLook() == nil)
    }
}
