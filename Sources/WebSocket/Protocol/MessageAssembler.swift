/// The one block in which a message is put together when it does not arrive whole: in fragments, or in a frame of
/// which only a part is there. A connection without such a message owns no memory here.
///
/// A frame that is a whole message gets a block of exactly its size; fragments double theirs up to what the limit allows.
struct MessageAssembler: ~Copyable {
    private var block: UnsafeMutableRawPointer?
    private var capacity = 0
    /// Bytes of payload in the block.
    private(set) var count = 0

    init() {}

    deinit {
        block?.deallocate()
    }

    /// Makes room for `bytes` more. The caller has checked the limit: this allocates.
    mutating func reserve(_ bytes: Int, limit: Int, isWholeMessage: Bool) {
        let needed = count + bytes
        if needed <= capacity { return }
        let grown = isWholeMessage ? needed : max(needed, min(capacity * 2, limit))
        let larger = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        if let block {
            larger.copyMemory(from: block, byteCount: count)
            block.deallocate()
        }
        block = larger
        capacity = grown
    }

    /// Adds bytes for which room was made.
    ///
    /// - Returns: where they lie now.
    mutating func append(_ bytes: UnsafeRawPointer, count added: Int) -> UnsafeMutableRawPointer {
        let place = tail(atLeast: added)
        place.copyMemory(from: bytes, byteCount: added)
        count += added
        return place
    }

    /// Where the next bytes go, for a reader that puts them there itself and then calls `extend`.
    func tail(atLeast bytes: Int) -> UnsafeMutableRawPointer {
        guard let block, count + bytes <= capacity else { preconditionFailure("no room was made") }
        return block + count
    }

    mutating func extend(by bytes: Int) -> UnsafeMutableRawPointer {
        let place = tail(atLeast: bytes)
        count += bytes
        return place
    }

    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block, count: count) }

    mutating func free() {
        block?.deallocate()
        block = nil
        capacity = 0
        count = 0
    }
}
