/// Reads frame headers.
///
/// Holds no state: a header that has not arrived whole is looked at again when more is there. What makes a frame
/// invalid is reported from the first byte that shows it, even when the rest is missing.
struct FrameDecoder {
    enum Outcome: Equatable {
        case header(FrameHeader)
        /// The header of a compressed message's first frame.
        case compressed(FrameHeader)
        case incomplete
        case violation(Violation)
    }

    /// What differs with the end that reads and with what was agreed.
    struct Rules {
        /// The mask bit of the second byte; 0 where no frame is masked.
        fileprivate let mask: UInt8
        /// Whether permessage-deflate, which claims the first reserved bit, was agreed.
        fileprivate let compression: Bool

        /// - Parameter role: of the end that reads. A server takes masked frames only, a client none.
        /// - Source: RFC 6455 §5.1; RFC 7692 §6.
        init(role: Role, compression: Bool) {
            mask = role == .server ? 0x80 : 0
            self.compression = compression
        }
    }

    /// The header at `bytes`, of which `count` have arrived.
    ///
    /// - Source: RFC 6455 §5.1 (masking), §5.2 (layout, reserved bits, minimal length), §5.5 (control frames).
    @inline(__always)
    static func header(at bytes: UnsafeRawPointer, count: Int, _ rules: Rules) -> Outcome {
        guard count > 0 else { return .incomplete }
        let first = bytes.load(as: UInt8.self)
        let opcode = Opcode(rawValue: first & 0x0F)
        if first & 0x70 != 0 { return reservedHeader(at: bytes, count: count, rules) }
        if opcode.isReserved { return .violation(.reservedOpcode(opcode.rawValue)) }
        let isFinal = first & 0x80 != 0
        if opcode.isControl, !isFinal { return .violation(.controlFrameFragmented) }

        guard count > 1 else { return .incomplete }
        let second = bytes.load(fromByteOffset: 1, as: UInt8.self)
        if second & rules.mask == 0 { return anyHeader(at: bytes, count: count, rules) }
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
        return longHeader(
            at: bytes, count: count, isFinal: isFinal, opcode: opcode, isSixteenBit: short == 126, keyBytes: 4)
    }

    /// A header with a reserved bit: a compressed message's first frame, where that was agreed, or a violation.
    ///
    /// - Source: RFC 7692 §6; a control frame is never compressed, §6.1.
    @inline(never)
    private static func reservedHeader(at bytes: UnsafeRawPointer, count: Int, _ rules: Rules) -> Outcome {
        let first = bytes.load(as: UInt8.self)
        let opcode = Opcode(rawValue: first & 0x0F)
        guard rules.compression, first & 0x70 == 0x40 else { return .violation(.reservedBits(first >> 4 & 0x7)) }
        if opcode.isReserved { return .violation(.reservedOpcode(opcode.rawValue)) }
        if opcode.isControl || opcode == .continuation { return .violation(.reservedBits(4)) }
        let outcome = anyHeader(at: bytes, count: count, rules)
        if case .header(let header) = outcome { return .compressed(header) }
        return outcome
    }

    /// A header whose first byte is known to be right, of a frame of either end.
    @inline(never)
    private static func anyHeader(at bytes: UnsafeRawPointer, count: Int, _ rules: Rules) -> Outcome {
        guard count > 1 else { return .incomplete }
        let first = bytes.load(as: UInt8.self)
        let second = bytes.load(fromByteOffset: 1, as: UInt8.self)
        if second & 0x80 != rules.mask { return .violation(rules.mask == 0 ? .maskedFrame : .unmaskedFrame) }
        let opcode = Opcode(rawValue: first & 0x0F)
        let isFinal = first & 0x80 != 0
        let short = Int(second & 0x7F)
        let keyBytes = rules.mask == 0 ? 0 : 4
        guard short <= FrameHeader.maxControlPayloadBytes else {
            if opcode.isControl { return .violation(.controlFrameTooLong(short)) }
            return longHeader(
                at: bytes, count: count, isFinal: isFinal, opcode: opcode, isSixteenBit: short == 126,
                keyBytes: keyBytes)
        }
        guard count >= 2 + keyBytes else { return .incomplete }
        let key = keyBytes == 0 ? 0 : bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
        return .header(
            FrameHeader(
                isFinal: isFinal, opcode: opcode, payloadBytes: short, maskingKey: UInt32(littleEndian: key),
                headerBytes: 2 + keyBytes))
    }

    @inline(never)
    private static func longHeader(
        at bytes: UnsafeRawPointer, count: Int, isFinal: Bool, opcode: Opcode, isSixteenBit: Bool, keyBytes: Int
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
        guard count >= lengthEnd + keyBytes else { return .incomplete }
        let key = keyBytes == 0 ? 0 : bytes.loadUnaligned(fromByteOffset: lengthEnd, as: UInt32.self)
        return .header(
            FrameHeader(
                isFinal: isFinal, opcode: opcode, payloadBytes: Int(length), maskingKey: UInt32(littleEndian: key),
                headerBytes: lengthEnd + keyBytes))
    }
}
