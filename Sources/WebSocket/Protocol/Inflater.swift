import CZlib

/// Inflates messages, one after the other. Does no input or output.
///
/// - Source: RFC 7692 §7.2.2.
final class Inflater {
    /// What a sender takes off the end of a message.
    ///
    /// - Source: RFC 7692 §7.2.1.
    static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// Most compressed bytes taken of a message that may come to `bytes`: what cannot be made shorter grows by little, and
    /// by a few bytes for each flush; what never comes to anything must end somewhere.
    static func mostBytes(inflatingTo bytes: Int) -> Int {
        let (most, overflow) = bytes.addingReportingOverflow(bytes / 4 + 1024)
        return overflow ? .max : most
    }

    /// Bytes a context holds, as zlib's manual counts them, and its own few.
    static func contextBytes(windowBits: Int) -> Int { (1 << windowBits) + 8192 }

    private let memory: DeflateMemory
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter windowBits: what the sender was told it may use, or more.
    init(windowBits: Int, memory: DeflateMemory) {
        self.memory = memory
        stream = memory.makeStream()
        let begun = inflateInit2_(
            stream, -Int32(windowBits), zlibVersion(), Int32(MemoryLayout<z_stream>.size))
        // Only a window that nobody agreed to, or another zlib than the one compiled against.
        precondition(begun == Z_OK, "zlib takes \(windowBits) bits of window")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets every message before.
    func reset() {
        inflateReset(stream)
    }

    /// Inflates one whole message behind what `output` holds, which never grows above `limit`.
    ///
    /// - Returns: nil when it went well. After a violation the context is of no use any more, but for `reset`.
    func inflate(_ message: UnsafeRawBufferPointer, to output: inout ScratchBytes, limit: Int) -> Violation? {
        var ended = false
        if let violation = feed(message, to: &output, limit: limit, ended: &ended) { return violation }
        // Its last byte ended a final block: nothing is open that the tail could close (RFC 7692 §7.2.3.4).
        if ended { return nil }
        let violation = Self.tail.withUnsafeBytes { feed($0, to: &output, limit: limit, ended: &ended) }
        if let violation { return violation }
        // zlib says so when it stands between two blocks; the bits below count what is left of the last byte.
        let state = stream.pointee.data_type
        return state & 128 != 0 && state & 63 == 0 ? nil : .compressedDataInvalid
    }

    private func feed(
        _ input: UnsafeRawBufferPointer, to output: inout ScratchBytes, limit: Int, ended: inout Bool
    ) -> Violation? {
        guard var next = input.baseAddress else { return nil }
        var left = input.count
        var spill: UInt8 = 0
        while true {
            // zlib counts in 32 bits, and only reads what `next_in` points to.
            let piece = UInt32(clamping: left)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: next.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = piece
            let isFull = output.count == limit
            let room = isFull ? 1 : output.room(limit: limit)
            let status = withUnsafeMutablePointer(to: &spill) { spill in
                stream.pointee.next_out = isFull ? spill : output.end.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(clamping: room)
                return CZlib.inflate(stream, Z_SYNC_FLUSH)
            }
            let taken = Int(piece - stream.pointee.avail_in)
            let made = Int(UInt32(clamping: room) - stream.pointee.avail_out)
            next += taken
            left -= taken
            if isFull, made > 0 { return .messageTooBig(bytes: limit + 1, limit: limit) }
            output.count += made
            switch status {
            case Z_OK:
                if left == 0, stream.pointee.avail_out > 0 { return nil }
            case Z_BUF_ERROR where left == 0:
                return nil
            case Z_STREAM_END:
                // A final block: another follows, and may refer to what was before it (RFC 7692 §7.2.3.4 and §7.2.3.5).
                inflateResetKeep(stream)
                ended = left == 0
                if ended { return nil }
            default:
                return .compressedDataInvalid
            }
        }
    }
}
