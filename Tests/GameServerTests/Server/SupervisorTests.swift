import Foundation
import Synchronization
import TestSupport
import Testing
import WebSocket

@testable import GameServer

/// Where a supervisor listens for news.
private final class Inbox: Sendable {
    let name: String
    private let descriptor: Int32
    private let folder: TemporaryDirectory

    init(isAbstract: Bool) throws {
        folder = try TemporaryDirectory()
        let path = folder.path + "/notify"
        name = isAbstract ? "@" + path : path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: Array((isAbstract ? "\0" : "").utf8) + Array(path.utf8))
        }
        let length = MemoryLayout<sa_family_t>.size + path.utf8.count + 1
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) }
        }
        try #require(bound == 0)
    }

    deinit { close(descriptor) }

    /// The next news; nil when none came before the deadline.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}

@Suite("Operations: under a supervisor") struct SupervisorTests {
    @Test(arguments: [false, true]) func `news arrive at a path and at a name in the abstract space`(isAbstract: Bool)
        throws
    {
        let inbox = try Inbox(isAbstract: isAbstract)
        let supervisor = Supervisor(environment: ["NOTIFY_SOCKET": inbox.name])
        supervisor.tell(.ready(status: "serves 127.0.0.1:80"))
        #expect(inbox.next() == "READY=1\nSTATUS=serves 127.0.0.1:80")
        supervisor.tell(.reloading(since: MonotonicTime(nanoseconds: 7_123_456)))
        #expect(inbox.next() == "RELOADING=1\nMONOTONIC_USEC=7123")
        supervisor.tell(.stopping)
        #expect(inbox.next() == "STOPPING=1\nSTATUS=drains")
        supervisor.tell(.alive)
        #expect(inbox.next() == "WATCHDOG=1")
    }

    @Test func `nobody who asks is no trouble, nor one who is gone`() throws {
        for name in ["", "relative", "@", "/", "/\(String(repeating: "x", count: 200))"] {
            let supervisor = Supervisor(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"])
            supervisor.tell(.alive)
            #expect(supervisor.watchdogPeriod == nil)
        }
        Supervisor(environment: ["NOTIFY_SOCKET": "/nowhere/at/all"]).tell(.alive)
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "2000000"], Duration.seconds(2)),
            (["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "7"], .seconds(2)),
            (["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "x"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func `signs of life are given when they are asked of this process`(environment: [String: String], period: Duration?)
    {
        let asked = environment.merging(["NOTIFY_SOCKET": "/run/notify"]) { $1 }
        #expect(Supervisor(environment: asked, processID: 7).watchdogPeriod == period)
    }

    @Test(
        arguments: [
            (["LISTEN_FDS": "2", "LISTEN_PID": "7"], [3, 4]), (["LISTEN_FDS": "2", "LISTEN_PID": "8"], []),
            (["LISTEN_FDS": "2", "LISTEN_PID": "7", "LISTEN_FDNAMES": "a:b"], [3, 4]),
            (["LISTEN_FDS": "2"], []), (["LISTEN_FDS": "0", "LISTEN_PID": "7"], []),
            (["LISTEN_FDS": "-1", "LISTEN_PID": "7"], []), (["LISTEN_FDS": "100000", "LISTEN_PID": "7"], []), ([:], []),
        ] as [([String: String], [Int32])])
    func `sockets are taken over when they are meant for this process`(environment: [String: String], sockets: [Int32])
    {
        #expect(Supervisor(environment: environment, processID: 7).sockets == Supervisor.Sockets(plain: sockets))
    }

    @Test func `a socket of the name tls is one on which TLS is spoken`() {
        let environment = ["LISTEN_FDS": "4", "LISTEN_PID": "7", "LISTEN_FDNAMES": "gameserver.socket:tls::tls"]
        #expect(Supervisor(environment: environment, processID: 7).sockets == .init(plain: [3, 5], secure: [4, 6]))
    }

    @Test func `a loop that does not answer is not reported alive, and one that answers again is`() {
        let told = Journal<Int>()
        let asked = Journal<Int>()
        let waiting = Mutex<(@Sendable () -> Void)?>(nil)
        let watchdog = Watchdog(period: .milliseconds(8)) { reply in
            waiting.withLock { $0 = reply }
            asked.add(1)
        } tell: {
            told.add(1)
        }
        defer { watchdog.stop() }
        #expect(told.next() == 1, "it begins with the news that it is there")
        #expect(asked.next() == 1)
        // Many rounds pass before the loop answers; none of them tells anything.
        #expect(told.next(deadlineSeconds: 1) == nil)
        waiting.withLock { $0 }?()
        #expect(told.next() == 1)
        #expect(asked.next() == 1)
    }
}
