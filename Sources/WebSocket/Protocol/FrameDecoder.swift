/// Reads frame headers.
///
/// Holds no state: a header that has not arrived whole is looked at again when more is there. What makes a frame
/// invalid is reported from the first byte that shows it, even when the rest is missing.
struct FrameDecoder {
    enum Outcome: Equatable {
        case header(FrameHeader)
        case incomplete
        case violation(Violation)
    }

    /// What no frame may have in its first two bytes, as they lie in memory.
    struct Rules {
        fileprivate let forbidden: UInt16

        /// - Parameters:
        ///   - role: of the end that reads. A server takes masked frames only, a client none.
        ///   - compression: whether permessage-deflate, which claims the first reserved bit, was agreed.
        /// - Source: RFC 6455 §5.1 and §5.2; RFC 7692 §6.
        init(role: Role, compression: Bool) {
            forbidden = (compression ? 0x0030 : 0x0070) | (role == .server ? 0 : 0x8000)
        }

        fileprivate var forbidsMask: Bool { forbidden & 0x8000 != 0 }
    }

    /// The header at `bytes`, of which `count` have arrived.
    ///
    /// - Source: RFC 6455 §5.1 (masking), §5.2 (layout, reserved bits, minimal length), §5.5 (control frames).
    @inline(__always)
    static func header(at bytes: UnsafeRawPointer, count: Int, _ rules: Rules) -> Outcome {
        guard count > 1 else { return count > 0 ? firstByte(bytes.load(as: UInt8.self), rules) : .incomplete }
        let both = UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self))
        let first = UInt8(truncatingIfNeeded: both)
        if both & rules.forbidden != 0 { return refusal(first, rules) }
        let opcode = Opcode(rawValue: first & 0x0F)
        if opcode.isReserved { return .violation(.reservedOpcode(opcode.rawValue)) }
        let isFinal = first & 0x80 != 0
        if opcode.isControl, first & 0xC0 != 0x80 { return firstByte(first, rules) }
        let isCompressed = first & 0x40 != 0

        if both & 0x8000 == 0 { return unmaskedHeader(at: bytes, count: count, rules) }
        let short = Int(both &>> 8 & 0x7F)
        if short <= FrameHeader.maxControlPayloadBytes {
            guard count >= 6 else { return .incomplete }
            let key = bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
            return .header(
                FrameHeader(
                    isFinal: isFinal, isCompressed: isCompressed, opcode: opcode, payloadBytes: short,
                    maskingKey: UInt32(littleEndian: key), headerBytes: 6))
        }
        return longHeader(at: bytes, count: count, keyBytes: 4)
    }

    /// What the first byte alone shows.
    @inline(never)
    private static func firstByte(_ first: UInt8, _ rules: Rules) -> Outcome {
        let opcode = Opcode(rawValue: first & 0x0F)
        let reserved = first & 0x70
        if UInt16(reserved) & rules.forbidden != 0 { return .violation(.reservedBits(reserved >> 4)) }
        if opcode.isReserved { return .violation(.reservedOpcode(opcode.rawValue)) }
        guard opcode.isControl else { return .incomplete }
        if reserved != 0 { return .violation(.reservedBits(reserved >> 4)) }
        return first & 0x80 == 0 ? .violation(.controlFrameFragmented) : .incomplete
    }

    private static func refusal(_ first: UInt8, _ rules: Rules) -> Outcome {
        let shown = firstByte(first, rules)
        return shown == .incomplete ? .violation(.maskedFrame) : shown
    }

    /// A header as servers send it.
    @inline(never)
    private static func unmaskedHeader(at bytes: UnsafeRawPointer, count: Int, _ rules: Rules) -> Outcome {
        guard rules.forbidsMask else { return .violation(.unmaskedFrame) }
        let first = bytes.load(as: UInt8.self)
        let short = Int(bytes.load(fromByteOffset: 1, as: UInt8.self))
        guard short <= FrameHeader.maxControlPayloadBytes else {
            return longHeader(at: bytes, count: count, keyBytes: 0)
        }
        return .header(
            FrameHeader(
                isFinal: first & 0x80 != 0, isCompressed: first & 0x40 != 0, opcode: Opcode(rawValue: first & 0x0F),
                payloadBytes: short, maskingKey: 0, headerBytes: 2))
    }

    @inline(never)
    private static func longHeader(at bytes: UnsafeRawPointer, count: Int, keyBytes: Int) -> Outcome {
        let first = bytes.load(as: UInt8.self)
        let opcode = Opcode(rawValue: first & 0x0F)
        let short = Int(bytes.load(fromByteOffset: 1, as: UInt8.self) & 0x7F)
        if opcode.isControl { return .violation(.controlFrameTooLong(short)) }
        let isSixteenBit = short == 126
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
        guard count >= lengthEnd + keyBytes else { return .incomplete }
        let key = keyBytes == 0 ? 0 : bytes.loadUnaligned(fromByteOffset: lengthEnd, as: UInt32.self)
        return .header(
            FrameHeader(
                isFinal: first & 0x80 != 0, isCompressed: first & 0x40 != 0, opcode: opcode, payloadBytes: Int(length),
                maskingKey: UInt32(littleEndian: key), headerBytes: lengthEnd + keyBytes))
    }
}
