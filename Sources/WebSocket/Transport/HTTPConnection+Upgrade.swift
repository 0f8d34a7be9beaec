import CLinux

/// How a connection becomes a WebSocket, here or on another loop.
extension HTTPConnection {
    /// What to answer to an offer of permessage-deflate, and the extension as it was agreed; nil when there is none.
    func agree(
        to extensions: ExtensionList, _ policy: CompressionPolicy
    ) -> (answer: String, extension: PackedDeflate)? {
        guard let offer = CompressionPolicy.offer(in: extensions) else { return nil }
        let agreed = shared.pointee.deflatePool().agree(to: offer, policy)
        return (agreed.answer(to: offer), PackedDeflate(parameters: agreed, policy: policy, role: .server))
    }

    /// Hands descriptor and unread bytes over to a WebSocket connection. This object is over then.
    ///
    /// - Returns: false when the client has gone.
    func upgrade(answer: [UInt8], deflate: PackedDeflate?, handler: any ConnectionHandler) -> Bool {
        guard becomesWebSocket() else { return false }
        let luggage = packed(Passage(fd: fd, of: self), answer, deflate)
        let connection = Connection(luggage, shared: shared, handler: handler)
        shared.pointee.replace(with: connection, interest: clinux_epollin())
        fd = -1
        connection.begin(luggage)
        return true
    }

    /// Hands descriptor and unread bytes to another loop, which answers the handshake. This object is over then.
    ///
    /// - Returns: false when the client has gone, or that loop.
    func upgrade<Ticket>(
        answer: [UInt8], deflate: PackedDeflate?, to landing: Landing<Ticket>, _ ticket: Ticket
    ) -> Bool {
        guard becomesWebSocket() else { return false }
        return landing.take(packed(depart(), answer, deflate), ticket)
    }

    /// Nothing more is read or answered here.
    ///
    /// - Returns: false when the client has gone.
    private func becomesWebSocket() -> Bool {
        guard case .answering = phase, fd >= 0, !peerHasEnded, !peerSaidGoodbye, !wasTruncated else {
            release()
            return false
        }
        phase = .over
        sendHeldBack()
        return true
    }

    /// What a WebSocket begins with.
    private func packed(_ passage: Passage, _ answer: [UInt8], _ deflate: PackedDeflate?) -> Luggage {
        let luggage = Luggage(passage, role: .server, endpoint: nil, at: shared.pointee.now)
        luggage.answer = answer
        luggage.deflate = deflate
        luggage.unparsed = parser.takeRemainder()
        luggage.outbox = outbox
        outbox = nil
        return luggage
    }
}
