import CZlib

/// Deflates messages, one after the other. Does no input or output.
///
/// - Source: RFC 7692 §7.2.1.
final class Deflater {
    /// What a context is made with; what two of the same make of the same message is the same.
    struct Settings: Hashable, Sendable {
        /// From 9 to 15.
        let windowBits: Int
        let level: Int
        let memoryLevel: Int

        /// - Parameter windowBits: from 8. zlib has no raw window of 8 bits, and needs none: it never refers back further
        ///   than its window less 262 bytes, which with 9 bits is 250.
        init(windowBits: Int, level: Int, memoryLevel: Int) {
            self.windowBits = max(windowBits, 9)
            self.level = level
            self.memoryLevel = memoryLevel
        }

        /// Most bytes a context holds, as zlib's manual counts them, and its own few.
        var contextBytes: Int { (1 << (windowBits + 2)) + (1 << (memoryLevel + 9)) + 8192 }
    }

    private let memory: DeflateMemory
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ settings: Settings, memory: DeflateMemory) {
        self.memory = memory
        stream = memory.makeStream()
        let begun = deflateInit2_(
            stream, Int32(settings.level), Z_DEFLATED, -Int32(settings.windowBits), Int32(settings.memoryLevel),
            Z_DEFAULT_STRATEGY, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
        // Only settings outside of their ranges, or another zlib than the one compiled against.
        precondition(begun == Z_OK, "zlib takes \(settings)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets every message before.
    func reset() {
        deflateReset(stream)
    }

    /// Deflates one whole message, which is not empty.
    ///
    /// - Parameter limit: most bytes it may take.
    /// - Returns: false when it takes more; then only `reset` makes the context of use again.
    func deflate(_ message: UnsafeRawBufferPointer, to output: inout ScratchBytes, limit: Int = .max) -> Bool {
        guard var next = message.baseAddress else { return false }
        var left = message.count
        let bound = Int(deflateBound(stream, UInt(message.count))) + Inflater.tail.count * 2
        let most = limit < Int.max - Inflater.tail.count ? limit + Inflater.tail.count : .max
        output.reserve(min(bound, most))
        while true {
            // zlib counts in 32 bits, and only reads what `next_in` points to.
            let piece = UInt32(clamping: left)
            let room = UInt32(clamping: min(output.capacity, most) - output.count)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: next.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = piece
            stream.pointee.next_out = output.end.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = room
            let status = CZlib.deflate(stream, Int(piece) == left ? Z_SYNC_FLUSH : Z_NO_FLUSH)
            // The last call left nothing to say and filled its room to the last byte.
            if status == Z_BUF_ERROR, left == 0 { break }
            guard status == Z_OK else { return false }
            let taken = Int(piece - stream.pointee.avail_in)
            next += taken
            left -= taken
            output.count += Int(room - stream.pointee.avail_out)
            if left == 0, stream.pointee.avail_out > 0 { break }
            if output.count == most { return false }
            if output.count == output.capacity { output.reserve(min(output.capacity * 2, most)) }
        }
        output.count -= Inflater.tail.count
        return true
    }
}
