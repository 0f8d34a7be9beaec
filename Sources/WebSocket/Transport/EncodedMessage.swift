import Synchronization

/// One message as it goes on the wire, header and payload, encoded once and sent to any number of connections on any
/// loop; compressed, too, it is made once for all that agreed to the same.
///
/// Unchecked because the block is raw memory; it is written in `init` only, and freed when nobody can read it any more.
public final class EncodedMessage: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let opcode: Opcode
    /// Length of the message without its frame header, and before it was compressed.
    public let payloadBytes: Int
    /// Whether it may be taken back while it waits, because its sender can say the same later in another way.
    public let isReplaceable: Bool
    /// Whether it may be compressed: not when it holds a secret.
    public let isCompressible: Bool
    private let headerBytes: Int
    /// What it became for those that compress. Any thread may add one; none is taken off before the end.
    private let forms = Atomic<Unmanaged<Form>?>(nil)

    /// What the message is for one way of compressing.
    private final class Form: Sendable {
        let settings: Deflater.Settings
        /// nil: it does not become shorter.
        let message: EncodedMessage?
        let next: Unmanaged<Form>?

        init(_ settings: Deflater.Settings, _ message: EncodedMessage?, before next: Unmanaged<Form>?) {
            self.settings = settings
            self.message = message
            self.next = next
        }
    }

    /// - Parameter text: valid UTF-8.
    public convenience init(text: [UInt8], isReplaceable: Bool = false, isCompressible: Bool = true) {
        self.init(.text, text.span.bytes, isReplaceable: isReplaceable, isCompressible: isCompressible)
    }

    public convenience init(text: RawSpan) {
        self.init(.text, text)
    }

    public convenience init(binary: RawSpan) {
        self.init(.binary, binary)
    }

    private convenience init(
        _ opcode: Opcode, _ payload: RawSpan, isReplaceable: Bool = false, isCompressible: Bool = true
    ) {
        self.init(
            opcode, payload.withUnsafeBytes { $0 }, payloadBytes: payload.byteCount, isReplaceable: isReplaceable,
            isCompressible: isCompressible)
    }

    private init(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, payloadBytes: Int, isReplaceable: Bool,
        isCompressible: Bool
    ) {
        self.opcode = opcode
        self.payloadBytes = payloadBytes
        self.isReplaceable = isReplaceable
        self.isCompressible = isCompressible
        headerBytes = FrameEncoder.headerBytes(payloadBytes: payload.count)
        let total = headerBytes + payload.count
        let block = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        FrameEncoder.writeHeader(opcode, payloadBytes: payload.count, to: block)
        if let base = payload.baseAddress {
            (block + headerBytes).copyMemory(from: base, byteCount: payload.count)
        }
        bytes = UnsafeRawBufferPointer(start: block, count: total)
    }

    deinit {
        var form = forms.load(ordering: .acquiring)
        while let last = form {
            form = last._withUnsafeGuaranteedRef { $0.next }
            last.release()
        }
        bytes.deallocate()
    }

    /// What stands behind the header.
    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[headerBytes...]) }

    /// The message as a connection that keeps no context is sent it: itself, or what it is compressed, made by whoever
    /// asks first.
    func form(for deflate: PermessageDeflate) -> EncodedMessage {
        guard isCompressible, deflate.takes(payloadBytes) else { return self }
        var first = forms.load(ordering: .acquiring)
        if let known = Self.find(deflate.settings, from: first, to: nil) { return known.message ?? self }
        let message = deflate.deflate(payload).map {
            EncodedMessage(
                opcode.compressed, $0, payloadBytes: payloadBytes, isReplaceable: isReplaceable, isCompressible: false)
        }
        deflate.letGoOfDeflated()
        while true {
            let new = Unmanaged.passRetained(Form(deflate.settings, message, before: first))
            let (isMine, now) = forms.compareExchange(
                expected: first, desired: new, ordering: .acquiringAndReleasing)
            if isMine { return message ?? self }
            new.release()
            // Another thread was faster, maybe with the same.
            if let known = Self.find(deflate.settings, from: now, to: first) { return known.message ?? self }
            first = now
        }
    }

    private static func find(
        _ settings: Deflater.Settings, from first: Unmanaged<Form>?, to last: Unmanaged<Form>?
    ) -> Form? {
        var form = first
        while let candidate = form, candidate.toOpaque() != last?.toOpaque() {
            let found = candidate.takeUnretainedValue()
            if found.settings == settings { return found }
            form = found.next
        }
        return nil
    }
}
