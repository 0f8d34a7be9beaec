/// Writes frames, never fragmented: a server's as they are, a client's masked.
enum FrameEncoder {
    /// Most bytes a server's header takes.
    static let maxHeaderBytes = 10
    /// Most bytes a client's does.
    static let maxMaskedHeaderBytes = maxHeaderBytes + 4

    /// Bytes the header of a payload of this length takes.
    @inline(__always)
    static func headerBytes(payloadBytes: Int) -> Int {
        payloadBytes <= 125 ? 2 : payloadBytes <= 0xFFFF ? 4 : 10
    }

    /// Writes a final frame's header.
    ///
    /// - Returns: the bytes written, at most `maxHeaderBytes`.
    /// - Source: RFC 6455 §5.2.
    @inline(__always)
    @discardableResult
    static func writeHeader(_ opcode: Opcode, payloadBytes: Int, to target: UnsafeMutableRawPointer) -> Int {
        target.storeBytes(of: 0x80 | opcode.rawValue, as: UInt8.self)
        if payloadBytes <= 125 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: payloadBytes), toByteOffset: 1, as: UInt8.self)
            return 2
        }
        if payloadBytes <= 0xFFFF {
            target.storeBytes(of: 126, toByteOffset: 1, as: UInt8.self)
            let length = UInt16(truncatingIfNeeded: payloadBytes).bigEndian
            target.storeBytes(of: length, toByteOffset: 2, as: UInt16.self)
            return 4
        }
        target.storeBytes(of: 127, toByteOffset: 1, as: UInt8.self)
        target.storeBytes(of: UInt64(payloadBytes).bigEndian, toByteOffset: 2, as: UInt64.self)
        return 10
    }

    /// Writes a whole frame as a client sends it.
    ///
    /// - Parameters:
    ///   - key: as its four bytes lie in memory, low byte first.
    ///   - target: room for `maxMaskedHeaderBytes` and the payload.
    /// - Returns: the bytes written.
    /// - Source: RFC 6455 §5.3.
    static func writeMasked(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, key: UInt32, to target: UnsafeMutableRawPointer
    ) -> Int {
        let header = writeHeader(opcode, payloadBytes: payload.count, to: target)
        let length = target.load(fromByteOffset: 1, as: UInt8.self)
        target.storeBytes(of: 0x80 | length, toByteOffset: 1, as: UInt8.self)
        target.storeBytes(of: key.littleEndian, toByteOffset: header, as: UInt32.self)
        let place = target + header + 4
        guard let base = payload.baseAddress else { return header + 4 }
        place.copyMemory(from: base, byteCount: payload.count)
        _ = Masking.unmask(place, count: payload.count, key: key)
        return header + 4 + payload.count
    }

    /// The payload of a close frame: the code in network order, then the reason cut to what a control frame holds.
    ///
    /// - Source: RFC 6455 §5.5.1.
    static func closePayload(_ code: CloseCode, reason: String) -> [UInt8] {
        precondition(code.isAllowedOnTheWire, "close code \(code) must not be sent")
        var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
        for scalar in reason.unicodeScalars {
            let bytes = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            if payload.count + bytes.count > FrameHeader.maxControlPayloadBytes { break }
            payload.append(contentsOf: bytes)
        }
        return payload
    }

    /// One whole frame, for tests and for what is sent rarely.
    static func frame(_ opcode: Opcode, payload: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: payload.count + maxHeaderBytes) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            let header = writeHeader(opcode, payloadBytes: payload.count, to: base)
            payload.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer)[header...].copyBytes(from: $0) }
            count = header + payload.count
        }
    }
}
