import PluginAPI
import WebSocket

// What a session says to its client, and how it ends the connection.

extension Session {
    func send(_ message: EncodedMessage) {
        guard isOpen else { return }
        count(message.payloadBytes)
        outlet.send(message)
        noteBacklog()
    }

    /// What a guest says is counted where it leaves.
    private func count(_ bytes: Int) {
        guard link == nil else { return }
        traffic.sent(bytes)
        services.traffic.sent(bytes)
    }

    /// One message of several JSON objects. It is never compressed: it may hold a secret or a hand, and beside it what
    /// somebody else chose.
    func send(lines: [[UInt8]]) {
        guard isOpen else { return }
        let text = joinedLines(lines)
        count(text.count)
        outlet.send(uncompressed: text)
        noteBacklog()
    }

    /// The same for what every watcher may read. It may be compressed.
    func send(publicLines lines: [[UInt8]]) {
        guard isOpen else { return }
        let text = joinedLines(lines)
        count(text.count)
        outlet.send(text: text)
        noteBacklog()
    }

    func refuse(
        _ rejection: Rejection, room: RoomID? = nil, n: Int? = nil, id: RequestID? = nil, ends asked: RoomID? = nil
    ) {
        if let asked {
            places.endRequest(for: asked)
            link?.tell(.refused(asked))
        }
        services.observer.requestAnswered(code: rejection.refusal.code, in: room.flatMap { member(in: $0) }?.room)
        let line = ServerMessage.no(rejection, room: room, n: n, id: id)
        answer(line)
    }

    /// Sends an answer, or keeps it until the client has caught up.
    func answer(_ line: [UInt8]) {
        if backlog.isLagging { hold(line) } else { send(lines: [line]) }
    }

    /// Ends the connection for a reason of the protocol's own.
    ///
    /// - Parameter detail: what exactly was wrong, in place of the usual reason of the close frame.
    func close(_ why: Disconnect, afterMs: Int? = nil, detail: String? = nil) {
        guard isOpen else { return }
        send(lines: [ServerMessage.bye(why, afterMs: afterMs)])
        shut(why.closeCode, reason: detail.map { Self.closeReason($0) } ?? why.reason)
    }

    /// As much of a sentence as a close frame holds: 123 bytes (RFC 6455 §5.5), in whole characters.
    private static func closeReason(_ sentence: String) -> String {
        var reason = ""
        for character in sentence {
            guard reason.utf8.count + character.utf8.count <= 123 else { break }
            reason.append(character)
        }
        return reason
    }

    func shut(_ code: CloseCode, reason: String) {
        guard isOpen else { return }
        end()
        outlet.close(code, reason: reason)
    }
}
