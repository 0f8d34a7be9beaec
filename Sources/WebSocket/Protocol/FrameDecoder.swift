/// Reads frame headers sent to a server.
///
/// Holds no state: a header that has not arrived whole is looked at again when more is there. What makes a frame
/// invalid is reported from the first byte that shows it, even when the rest is missing.
struct FrameDecoder {
    enum Outcome: Equatable {
        case header(FrameHeader)
        case incomplete
        case violation(Violation)
    }

    /// The header at `bytes`, of which `count` have arrived.
    ///
    /// - Source: RFC 6455 §5.1 (masking), §5.2 (layout, reserved bits, minimal length), §5.5 (control frames).
    @inline(__always)
    static func header(at bytes: UnsafeRawPointer, count: Int) -> Outcome {
        guard count > 0 else { return .incomplete }
        let first = bytes.load(as: UInt8.self)
        let opcode = Opcode(rawValue: first & 0x0F)
        // permessage-deflate will claim the first reserved bit; until an extension is agreed all three must be 0.
        if first & 0x70 != 0 { return .violation(.reservedBits(first >> 4 & 0x7)) }
        if opcode.isReserved { return .violation(.reservedOpcode(opcode.rawValue)) }
        let isFinal = first & 0x80 != 0
        if opcode.isControl, !isFinal { return .violation(.controlFrameFragmented) }

        guard count > 1 else { return .incomplete }
        let second = bytes.load(fromByteOffset: 1, as: UInt8.self)
        if second & 0x80 == 0 { return .violation(.unmaskedFrame) }
        let short = Int(second & 0x7F)
        if short <= FrameHeader.maxControlPayloadBytes {
            guard count >= 6 else { return .incomplete }
            let key = bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
            return .header(
                FrameHeader(
                    isFinal: isFinal, opcode: opcode, payloadBytes: short, maskingKey: UInt32(littleEndian: key),
                    headerBytes: 6))
        }
        if opcode.isControl { return .violation(.controlFrameTooLong(short)) }
        return longHeader(at: bytes, count: count, isFinal: isFinal, opcode: opcode, isSixteenBit: short == 126)
    }

    @inline(never)
    private static func longHeader(
        at bytes: UnsafeRawPointer, count: Int, isFinal: Bool, opcode: Opcode, isSixteenBit: Bool
    ) -> Outcome {
        let lengthEnd = isSixteenBit ? 4 : 10
        guard count >= lengthEnd else { return .incomplete }
        let length: UInt64
        if isSixteenBit {
            length = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        } else {
            length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
        }
        if length > UInt64(Int64.max) { return .violation(.lengthTooLarge) }
        if length <= (isSixteenBit ? 125 : 0xFFFF) { return .violation(.lengthNotMinimal(Int(length))) }
        guard count >= lengthEnd + 4 else { return .incomplete }
        let key = bytes.loadUnaligned(fromByteOffset: lengthEnd, as: UInt32.self)
        return .header(
            FrameHeader(
                isFinal: isFinal, opcode: opcode, payloadBytes: Int(length), maskingKey: UInt32(littleEndian: key),
                headerBytes: lengthEnd + 4))
    }
}
