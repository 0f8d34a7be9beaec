import CLinux
import Foundation
import Glibc
import Observability
import PluginAPI
import WebSocket

/// Opens a real WebSocket to this server over the loopback, sends a message, awaits its echo and closes: what a client
/// would meet. The server knows its own by a key that never leaves the process, and counts them nowhere.
struct SelfTest: Sendable {
    static let header = "X-Self-Test"
    /// Subprotocol of a test; the connection echoes instead of speaking the game protocol.
    static let subprotocol = "gameserver.self-test"
    /// Version 2 of the PROXY protocol, command LOCAL.
    private static let proxyHeader: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0, 0, 0,
    ]
    private static let payload = "are you there?"
    /// How long what is on its way of a failed test is awaited, to be counted.
    private static let patienceAfterFailure = Duration.milliseconds(500)

    let key: String
    /// Where it listens. With a PROXY header expected, this test says as a proxy does that it speaks for itself.
    let server: ListenAddress
    let tests: TestTraffic
    /// How long each answer may take.
    var patience = Duration.seconds(5)

    func run() -> CheckReading {
        let started = MonotonicTime.now()
        do throws(Failure) {
            try converse()
        } catch {
            return .judged(.critical, error.sentence, [Measurement(StandardChecks.Value.reachable, 0)])
        }
        let took = Elapsed(from: started, to: .now()).seconds
        return .measured([
            Measurement(StandardChecks.Value.reachable, 1),
            Measurement(StandardChecks.Value.roundTripOfTest, took, unit: "seconds"),
        ])
    }

    private struct Failure: Error {
        let sentence: String
        init(_ sentence: String) { self.sentence = sentence }
    }

    private func converse() throws(Failure) {
        let socket = try connect()
        defer { Glibc.close(socket) }
        do throws(Failure) {
            try speak(on: socket)
        } catch {
            // Who did not answer is not waited for a second time: that would outlast the check, and its verdict.
            limit(socket, to: Self.patienceAfterFailure)
            drain(socket)
            throw error
        }
        drain(socket)
    }

    private func speak(on socket: Int32) throws(Failure) {
        let nonce = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let request =
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: \(nonce)\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: \(Self.subprotocol)\r\n\(Self.header): \(key)\r\n\r\n"
        if server.expectsProxyHeader {
            _ = Glibc.send(socket, Self.proxyHeader, Self.proxyHeader.count, Int32(MSG_NOSIGNAL))
        }
        try send(Array(request.utf8), on: socket)
        let answer = try receive(on: socket, until: Self.hasHead)
        guard answer.starts(with: Array("HTTP/1.1 101".utf8)) else {
            let line = String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            throw Failure("the handshake was answered \(line.prefix(80))")
        }
        let text = Array(Self.payload.utf8)
        try send(Self.frame(opcode: 0x1, text), on: socket)
        let echo = try receive(on: socket, until: { $0.count >= text.count + 2 })
        guard Array(echo.dropFirst(2)) == text else { throw Failure("the echo is not what was sent") }
        try send(Self.frame(opcode: 0x8, [0x03, 0xE8]), on: socket)
        let close = try receive(on: socket, until: { $0.count >= 4 })
        guard close.first == 0x88 else { throw Failure("the close was not answered with a close") }
    }

    /// A refusal has a body behind its head.
    private static func hasHead(_ answer: [UInt8]) -> Bool {
        String(decoding: answer, as: UTF8.self).contains("\r\n\r\n")
    }

    /// A whole frame as a client sends it.
    ///
    /// - Source: RFC 6455 §5.2.
    private static func frame(opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask = (0..<4).map { _ in UInt8.random(in: .min ... .max) }
        let masked = payload.enumerated().map { $1 ^ mask[$0 % 4] }
        return [0x80 | opcode, 0x80 | UInt8(payload.count)] + mask + masked
    }

    private func connect() throws(Failure) -> Int32 {
        do throws(SystemError) {
            return try server.connect { limit($0, to: patience) }
        } catch {
            throw Failure("cannot connect to \(server): \(error)")
        }
    }

    /// Has each call on the socket give up after so long.
    private func limit(_ socket: Int32, to patience: Duration) {
        let (seconds, attoseconds) = patience.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private func send(_ bytes: [UInt8], on socket: Int32) throws(Failure) {
        tests.tested(bytesIn: bytes.count)
        let sent = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard sent == bytes.count else {
            let reason = String(cString: strerror(errno))
            // What never left is not taken from what clients send.
            tests.tested(bytesIn: max(0, sent) - bytes.count)
            throw Failure("cannot send: \(reason)")
        }
    }

    /// Reads what is still said, so that it counts as the test's and not as traffic of clients.
    private func drain(_ socket: Int32) {
        guard shutdown(socket, Int32(SHUT_WR)) == 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 2048)
        for _ in 0..<32 {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            tests.tested(bytesOut: count)
        }
    }

    private func receive(on socket: Int32, until isWhole: ([UInt8]) -> Bool) throws(Failure) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 2048)
        while !isWhole(received) {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else {
                throw Failure(
                    count == 0 ? "the connection was closed" : "no answer: \(String(cString: strerror(errno)))")
            }
            tests.tested(bytesOut: count)
            received += buffer.prefix(count)
            guard received.count < 65_536 else { throw Failure("the answer does not end") }
        }
        return received
    }
}
