import Glibc

/// Output of one connection that the kernel refused, oldest first. Exists only while there is some.
final class Outbox {
    private struct Chunk {
        /// Keeps a shared message alive; nil when the block is ours.
        var message: EncodedMessage?
        var base: UnsafeMutableRawPointer
        var start: Int
        var end: Int
        var capacity: Int
    }

    /// Smallest block taken for small sends, so that a thousand of them are not a thousand blocks.
    private static let blockBytes = 4096

    /// What TLS had encrypted when the kernel refused it. It leaves first, and as it is.
    private var sealed: [UInt8] = []
    private var chunks: [Chunk] = []
    private var head = 0
    /// Bytes that wait.
    private(set) var bytes = 0

    deinit {
        for chunk in chunks[head...] where chunk.message == nil { chunk.base.deallocate() }
    }

    /// Copies bytes behind what waits.
    func append(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress, source.count > 0 else { return }
        bytes += source.count
        if let last = chunks.indices.last, last >= head, chunks[last].message == nil,
            chunks[last].capacity - chunks[last].end >= source.count
        {
            (chunks[last].base + chunks[last].end).copyMemory(from: base, byteCount: source.count)
            chunks[last].end += source.count
            return
        }
        let capacity = max(source.count, Self.blockBytes)
        let block = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        block.copyMemory(from: base, byteCount: source.count)
        chunks.append(Chunk(message: nil, base: block, start: 0, end: source.count, capacity: capacity))
    }

    /// Queues a shared message from `offset` on, without a copy.
    func append(_ message: EncodedMessage, from offset: Int = 0) {
        guard let base = message.bytes.baseAddress, offset < message.bytes.count else { return }
        let count = message.bytes.count
        bytes += count - offset
        chunks.append(
            Chunk(
                message: message, base: UnsafeMutableRawPointer(mutating: base), start: offset, end: count,
                capacity: count))
    }

    var holdsSealed: Bool { sealedBytes > 0 }

    /// Bytes that wait encrypted.
    private(set) var sealedBytes = 0

    /// Queues ciphertext behind what was encrypted before it.
    func appendSealed(_ source: UnsafeRawBufferPointer) {
        sealed.append(contentsOf: source)
        sealedBytes += source.count
        bytes += source.count
    }

    /// Forgets as much ciphertext as `send` says the kernel took.
    func sendSealed(_ send: (UnsafeRawBufferPointer) -> Int) {
        let sent = sealed.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0.suffix(sealedBytes))) }
        bytes -= sent
        sealedBytes -= sent
        if sealedBytes == 0 { sealed = [] }
    }

    /// Fills `parts` with what waits longest of what has yet to be encrypted, or never is.
    ///
    /// - Returns: how many were filled.
    func gather(into parts: UnsafeMutableBufferPointer<iovec>) -> Int {
        var filled = 0
        for chunk in chunks[head...].prefix(parts.count) {
            parts[filled] = iovec(iov_base: chunk.base + chunk.start, iov_len: chunk.end - chunk.start)
            filled += 1
        }
        return filled
    }

    /// Forgets bytes the kernel took.
    func remove(_ count: Int) {
        var count = count
        bytes -= count
        while count > 0 {
            let waiting = chunks[head].end - chunks[head].start
            if count < waiting {
                chunks[head].start += count
                return
            }
            count -= waiting
            if chunks[head].message == nil { chunks[head].base.deallocate() }
            chunks[head].message = nil
            head += 1
        }
        if head == chunks.count {
            chunks.removeAll()
            head = 0
        } else if head > 64, head > chunks.count / 2 {
            chunks.removeFirst(head)
            head = 0
        }
    }

    /// Takes replaceable messages back from the end, as long as none of their bytes has left.
    func takeBackReplaceable() -> TakenBack {
        var taken = TakenBack()
        // The oldest chunk stays in any case: the kernel may be in the middle of it.
        while let last = chunks.last, chunks.count - head > 1, let message = last.message, message.isReplaceable,
            last.start == 0
        {
            bytes -= last.end
            chunks.removeLast()
            taken.messages += 1
            taken.payloadBytes += message.payloadBytes
        }
        return taken
    }
}

/// Messages that were sent and will not leave after all.
public struct TakenBack: Equatable, Sendable {
    public var messages: Int
    /// Without their frame headers.
    public var payloadBytes: Int

    public init(messages: Int = 0, payloadBytes: Int = 0) {
        self.messages = messages
        self.payloadBytes = payloadBytes
    }
}
