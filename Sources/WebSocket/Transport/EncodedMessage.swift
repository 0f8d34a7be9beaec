/// One message as it goes on the wire, header and payload, encoded once and sent to any number of connections on any
/// loop.
///
/// Unchecked because the block is raw memory; it is written in `init` only, and freed when nobody can read it any more.
public final class EncodedMessage: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// Length of the message without its frame header.
    public let payloadBytes: Int
    /// Whether it may be taken back while it waits, because its sender can say the same later in another way.
    public let isReplaceable: Bool

    /// - Parameter text: valid UTF-8.
    public convenience init(text: [UInt8], isReplaceable: Bool = false) {
        self.init(.text, text.span.bytes, isReplaceable: isReplaceable)
    }

    public convenience init(text: RawSpan) {
        self.init(.text, text, isReplaceable: false)
    }

    public convenience init(binary: RawSpan) {
        self.init(.binary, binary, isReplaceable: false)
    }

    private init(_ opcode: Opcode, _ payload: RawSpan, isReplaceable: Bool) {
        self.isReplaceable = isReplaceable
        let header = FrameEncoder.headerBytes(payloadBytes: payload.byteCount)
        let total = header + payload.byteCount
        let block = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        FrameEncoder.writeHeader(opcode, payloadBytes: payload.byteCount, to: block)
        payload.withUnsafeBytes { source in
            if let base = source.baseAddress { (block + header).copyMemory(from: base, byteCount: source.count) }
        }
        bytes = UnsafeRawBufferPointer(start: block, count: total)
        payloadBytes = payload.byteCount
    }

    deinit {
        bytes.deallocate()
    }
}
