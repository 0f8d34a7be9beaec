/// How a connection's frames leave when they are not a server's plain ones.
extension Connection {
    /// One frame, as this end's role has it.
    func sendFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        if role == .server { enqueueFrame(opcode, payload) } else { enqueueMaskedFrame(opcode, payload) }
    }

    /// One message, compressed if that was agreed and is worth it.
    func sendMessage(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        guard let deflate, let deflated = deflate.deflate(payload) else { return sendFrame(opcode, payload) }
        deflate.sent(payload.count, as: deflated.count)
        sendFrame(opcode.compressed, deflated)
        deflate.letGoOfDeflated()
    }

    /// A message that was encoded for many.
    func sendEncoded(_ message: EncodedMessage) {
        guard role == .server, let deflate, !deflate.keepsContext else {
            if !message.isCompressible { return sendFrame(message.opcode, message.payload) }
            return sendMessage(message.opcode, message.payload)
        }
        let form = message.form(for: deflate)
        if form !== message { deflate.sent(message.payloadBytes, as: form.payload.count) }
        enqueue(form)
    }

    /// - Source: RFC 6455 §5.3.
    private func enqueueMaskedFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        let key = shared.pointee.maskingKeys.next()
        let room = FrameEncoder.maxMaskedHeaderBytes + payload.count
        if room >= Socket.directBytes || outbox != nil {
            // It has to be copied in any case: the payload is the caller's.
            return withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { block in
                guard let base = block.baseAddress else { return }
                let count = FrameEncoder.writeMasked(opcode, payload, key: key, to: base)
                enqueue(UnsafeRawBufferPointer(start: base, count: count))
            }
        }
        let place = shared.pointee.cork.reserve(room)
        // Making room may have met a kernel that refuses.
        guard outbox == nil else { return enqueueMaskedFrame(opcode, payload) }
        shared.pointee.cork.commit(FrameEncoder.writeMasked(opcode, payload, key: key, to: place), of: self)
    }
}
