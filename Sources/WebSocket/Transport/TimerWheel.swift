/// Deadlines of everything a loop watches: each object has one place and holds its own links, so a deadline costs no
/// memory beside the object and no closure.
///
/// A hierarchical wheel of one-millisecond ticks: level `n` sorts by the `n`-th group of six bits of a deadline. Setting
/// and clearing is O(1); an object moves down at most once per level on its way. Nothing is due early, and nothing more
/// than a tick late.
///
/// - Source: Varghese and Lauck, "Hashed and hierarchical timing wheels", scheme 7.
struct TimerWheel {
    private static let tickNanoseconds: Int64 = 1_000_000
    private static let bitsPerLevel = 6
    private static let slotsPerLevel = 64
    /// 42 bits of milliseconds: 139 years of uptime.
    private static let levels = 7
    /// The list of those that are due and not yet taken.
    private static let dueSlot = levels * slotsPerLevel

    /// Where an object hangs. Belongs to the wheel; the object only stores it.
    struct Place {
        fileprivate var next: Unmanaged<Pollable>?
        fileprivate var previous: Unmanaged<Pollable>?
        fileprivate var tick: Int64 = 0
        /// -1 while it hangs nowhere.
        fileprivate var slot: Int16 = -1

        var isSet: Bool { slot >= 0 }
    }

    private let heads: UnsafeMutablePointer<Unmanaged<Pollable>?>
    /// Which slots of each level hold somebody, as bits.
    private let occupied: UnsafeMutablePointer<UInt64>
    /// All before this tick was handed out.
    private var current: Int64
    /// Nothing is due before this, in nanoseconds; the largest number while nothing hangs here.
    private var quietUntil = Int64.max
    private var count = 0

    init(now: MonotonicTime) {
        heads = .allocate(capacity: Self.dueSlot + 1)
        heads.initialize(repeating: nil, count: Self.dueSlot + 1)
        occupied = .allocate(capacity: Self.levels)
        occupied.initialize(repeating: 0, count: Self.levels)
        current = now.nanoseconds / Self.tickNanoseconds
    }

    func deallocate() {
        heads.deallocate()
        occupied.deallocate()
    }

    // MARK: Setting

    /// Hangs an object up, or moves it. A deadline that has passed is due at the next tick.
    mutating func set(_ pollable: Pollable, at deadline: MonotonicTime, now: MonotonicTime) {
        clear(pollable)
        // Where nothing lies between, the present moves on: what is near then hangs low.
        if now.nanoseconds < quietUntil { current = max(current, now.nanoseconds / Self.tickNanoseconds) }
        let least = max(current, now.nanoseconds / Self.tickNanoseconds) + 1
        let most = current + 1 << (Self.bitsPerLevel * Self.levels - 2)
        pollable.place.tick = min(max(Self.tick(notBefore: deadline), least), most)
        count += 1
        insert(pollable)
        quietUntil = min(quietUntil, beginning(ofSlot: Int(pollable.place.slot)) * Self.tickNanoseconds)
    }

    /// Takes an object down; one that hangs nowhere is no error.
    mutating func clear(_ pollable: Pollable) {
        guard pollable.place.slot >= 0 else { return }
        unlink(pollable)
        count -= 1
        if count == 0 { quietUntil = .max }
    }

    private func unlink(_ pollable: Pollable) {
        let slot = Int(pollable.place.slot)
        let (next, previous) = (pollable.place.next, pollable.place.previous)
        next?._withUnsafeGuaranteedRef { $0.place.previous = previous }
        if let previous {
            previous._withUnsafeGuaranteedRef { $0.place.next = next }
        } else {
            heads[slot] = next
            if next == nil, slot < Self.dueSlot {
                occupied[slot / Self.slotsPerLevel] &= ~(1 << UInt64(slot % Self.slotsPerLevel))
            }
        }
        pollable.place.next = nil
        pollable.place.previous = nil
        pollable.place.slot = -1
    }

    private static func tick(notBefore time: MonotonicTime) -> Int64 {
        let (whole, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: tickNanoseconds)
        return rest > 0 ? whole + 1 : whole
    }

    /// The level is that of the highest group of bits in which the deadline differs from now, so within a level nothing
    /// lies behind the present, and a lower level is always due before a higher one.
    private mutating func insert(_ pollable: Pollable) {
        let tick = pollable.place.tick
        guard tick > current else { return link(pollable, into: Self.dueSlot) }
        let level = (Int64.bitWidth - 1 - (tick ^ current).leadingZeroBitCount) / Self.bitsPerLevel
        let index = Int(tick >> Int64(level * Self.bitsPerLevel)) & (Self.slotsPerLevel - 1)
        occupied[level] |= 1 << UInt64(index)
        link(pollable, into: level * Self.slotsPerLevel + index)
    }

    private func link(_ pollable: Pollable, into slot: Int) {
        let this = Unmanaged.passUnretained(pollable)
        pollable.place.next = heads[slot]
        pollable.place.previous = nil
        pollable.place.slot = Int16(slot)
        heads[slot]?._withUnsafeGuaranteedRef { $0.place.previous = this }
        heads[slot] = this
    }

    // MARK: Time passes

    /// When to look again; nil when nothing hangs here. Not after the next deadline, sometimes before it.
    @inline(__always)
    func nextLook() -> MonotonicTime? {
        quietUntil == .max ? nil : MonotonicTime(nanoseconds: quietUntil)
    }

    /// Takes one that is due.
    @inline(__always)
    mutating func takeDue(at now: MonotonicTime) -> Pollable? {
        now.nanoseconds < quietUntil ? nil : search(upTo: now)
    }

    @inline(never)
    private mutating func search(upTo now: MonotonicTime) -> Pollable? {
        let nowTick = now.nanoseconds / Self.tickNanoseconds
        while true {
            if let due = heads[Self.dueSlot] {
                let pollable = due.takeUnretainedValue()
                clear(pollable)
                return pollable
            }
            let next = nextSlot()
            quietUntil = next.map { $0.tick * Self.tickNanoseconds } ?? .max
            guard let next, next.tick <= nowTick else {
                current = max(current, nowTick)
                return nil
            }
            current = next.tick
            empty(next.slot)
        }
    }

    /// The first slot that is not empty, and the tick at which it begins.
    private func nextSlot() -> (slot: Int, tick: Int64)? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            let slot = level * Self.slotsPerLevel + occupied[level].trailingZeroBitCount
            return (slot, beginning(ofSlot: slot))
        }
        return nil
    }

    /// The tick at which a slot's time comes, seen from the present.
    private func beginning(ofSlot slot: Int) -> Int64 {
        let (level, index) = slot.quotientAndRemainder(dividingBy: Self.slotsPerLevel)
        let shift = Int64(level * Self.bitsPerLevel)
        let above = (current >> (shift + Int64(Self.bitsPerLevel))) << Int64(Self.bitsPerLevel)
        return (above | Int64(index)) << shift
    }

    /// Hangs everybody of a slot that has begun where they belong now: lower, or among those that are due.
    private mutating func empty(_ slot: Int) {
        while let head = heads[slot] {
            let pollable = head.takeUnretainedValue()
            unlink(pollable)
            insert(pollable)
        }
    }
}
