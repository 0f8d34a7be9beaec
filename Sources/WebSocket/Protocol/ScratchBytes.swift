/// The block a message is inflated or deflated into. One for short messages stays; a longer one is given back.
struct ScratchBytes: ~Copyable {
    /// Largest block that stays.
    static let keptBytes = 64 * 1024

    private let memory: DeflateMemory
    private var block: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    var count = 0

    init(memory: DeflateMemory) {
        self.memory = memory
    }

    deinit {
        block?.deallocate()
        memory.add(-capacity)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block, count: count) }

    /// Where the next byte goes, once room was made.
    var end: UnsafeMutableRawPointer {
        guard let block else { preconditionFailure("no room was made") }
        return block + count
    }

    /// Makes the block hold `total` bytes, those that are there included.
    mutating func reserve(_ total: Int) {
        guard total > capacity else { return }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        if let block {
            larger.copyMemory(from: block, byteCount: count)
            block.deallocate()
        }
        memory.add(total - capacity)
        block = larger
        capacity = total
    }

    /// Makes room for another piece: at first for a short message, then at once for the longest there may be, whose pages
    /// the kernel hands out only as they are written.
    ///
    /// - Parameter limit: more than `count`.
    /// - Returns: the bytes there is room for.
    mutating func room(limit: Int) -> Int {
        if count >= capacity { reserve(block == nil ? min(Self.keptBytes, limit) : limit) }
        return min(capacity, limit) - count
    }

    /// Forgets the message.
    mutating func clear() {
        count = 0
        guard capacity > Self.keptBytes else { return }
        block?.deallocate()
        block = nil
        memory.add(-capacity)
        capacity = 0
    }
}
