import TestSupport
import Testing

@testable import WebSocket

@Suite("Ceilings of connections") struct DoorkeeperTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        change(&limits)
        return limits
    }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `as many as may be open at once, and one more when one has left`() throws {
        let doorkeeper = Doorkeeper(limits { $0.maxConnections = 2 })
        #expect(doorkeeper.enter(nil, at: start) == .admitted(nil))
        #expect(doorkeeper.enter(try address("1.2.3.4"), at: start) == .admitted(nil))
        #expect(doorkeeper.enter(nil, at: start) == .refused(.full))
        doorkeeper.leave(nil, at: start)
        #expect(doorkeeper.enter(nil, at: start) == .admitted(nil))
        #expect(doorkeeper.open == 2)
    }

    @Test func `of one address so many, of IPv6 of one network`() throws {
        let doorkeeper = Doorkeeper(limits { $0.maxConnectionsPerAddress = 2 })
        for text in ["10.0.0.1", "::ffff:10.0.0.1"] {
            #expect(doorkeeper.enter(try address(text), at: start) == .admitted(ClientNetwork(try address("10.0.0.1"))))
        }
        #expect(doorkeeper.enter(try address("10.0.0.1"), at: start) == .refused(.addressFull))
        #expect(doorkeeper.enter(try address("10.0.0.2"), at: start) != .refused(.addressFull))
        #expect(doorkeeper.enter(try address("2001:db8::1"), at: start) != .refused(.addressFull))
        #expect(doorkeeper.enter(try address("2001:db8::2"), at: start) != .refused(.addressFull))
        #expect(doorkeeper.enter(try address("2001:db8::3"), at: start) == .refused(.addressFull))
        doorkeeper.leave(ClientNetwork(try address("10.0.0.1")), at: start)
        #expect(doorkeeper.enter(try address("10.0.0.1"), at: start) != .refused(.addressFull))
    }

    @Test func `so many a second, as many at once, and no more than that in any second`() throws {
        let doorkeeper = Doorkeeper(limits { $0.maxOpensPerSecond = 10 })
        for _ in 0..<10 { #expect(doorkeeper.enter(nil, at: start) == .admitted(nil)) }
        #expect(doorkeeper.enter(nil, at: start) == .refused(.tooFast))
        #expect(doorkeeper.enter(nil, at: start + .milliseconds(99)) == .refused(.tooFast))
        #expect(doorkeeper.enter(nil, at: start + .milliseconds(100)) == .admitted(nil))
        #expect(doorkeeper.enter(nil, at: start + .milliseconds(100)) == .refused(.tooFast))
        let later = start + .seconds(60)
        let admitted = (0..<20).count { _ in doorkeeper.enter(nil, at: later) == .admitted(nil) }
        #expect(admitted == 10)
    }

    @Test func `one address that is too fast takes nothing from the others`() throws {
        let doorkeeper = Doorkeeper(
            limits {
                $0.maxOpensPerSecond = 10
                $0.maxOpensPerAddressPerSecond = 3
            })
        let flood = try address("10.0.0.1")
        let verdicts = (0..<1000).map { _ in doorkeeper.enter(flood, at: start) }
        #expect(verdicts.count { $0 == .refused(.addressTooFast) } == 997)
        for _ in 0..<3 { #expect(doorkeeper.enter(try address("10.0.0.2"), at: start) != .refused(.tooFast)) }
        #expect(doorkeeper.open == 6)
    }

    @Test func `a proxy is counted by whom it names, and whom nothing concerns not at all`() throws {
        let doorkeeper = Doorkeeper(
            limits { $0.maxConnectionsPerAddress = 1 }, proxies: try AddressList("10.0.0.0/8, unix"),
            uncounted: try AddressList("127.0.0.0/8"))
        let client = try address("1.2.3.4")
        for proxy in [try address("10.9.9.9"), try address("10.9.9.9"), nil] {
            #expect(doorkeeper.enter(proxy, at: start) == .admitted(nil))
        }
        #expect(doorkeeper.identify(as: client, at: start) == .admitted(ClientNetwork(client)))
        #expect(doorkeeper.identify(as: client, at: start) == .refused(.addressFull))
        for _ in 0..<5 { #expect(doorkeeper.enter(try address("127.0.0.1"), at: start) == .admitted(nil)) }
        #expect(doorkeeper.identify(as: nil, at: start) == .admitted(nil))
    }

    @Test func `addresses are forgotten when they have left and nothing of theirs counts any more`() throws {
        let doorkeeper = Doorkeeper(
            limits {
                $0.maxConnectionsPerAddress = 5
                $0.maxOpensPerAddressPerSecond = 5
            })
        let client = try address("1.2.3.4")
        _ = doorkeeper.enter(client, at: start)
        doorkeeper.leave(ClientNetwork(client), at: start + .seconds(1))
        #expect(doorkeeper.knownAddresses == 0)
    }

    @Test func `a flood from more addresses than are remembered takes no more memory, and the ceiling of all holds`() {
        let most = 100
        let doorkeeper = Doorkeeper(
            limits {
                $0.maxConnections = most
                $0.maxOpensPerAddressPerSecond = 1
            })
        for number in 0..<UInt32(Doorkeeper.maxAbsent + 5000) {
            let address = IPAddress(version4: number)
            guard case .admitted(let network) = doorkeeper.enter(address, at: start) else { continue }
            doorkeeper.leave(network, at: start)
        }
        #expect(doorkeeper.knownAddresses <= Doorkeeper.maxAbsent + most)
        #expect(doorkeeper.open == 0)
        // Two seconds later they count for nothing, and the first newcomer has them swept away.
        for number in 0..<2 as Range<UInt32> {
            _ = doorkeeper.enter(IPAddress(version4: ~number), at: start + .seconds(2))
        }
        #expect(doorkeeper.knownAddresses <= 2)
    }

    // MARK: Over a socket

    @Test func `who is turned away is told why, without a reset`() throws {
        let server = try TestServer(limits { $0.maxConnections = 1 })
        let first = try RawClient(port: server.port)
        try first.open()
        let second = try RawClient(port: server.port)
        try second.send(RawClient.upgradeRequest())
        let answer = String(decoding: try second.receiveToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\r\nRetry-After: 5\r\n"))
        #expect(answer.hasSuffix("as many connections are open as may be\n"))
        #expect(server.counters.refusedFull == 1 && server.counters.open == 1)
    }

    @Test func `an address that has enough hears 429, and others come in`() throws {
        let limits = limits { $0.maxConnectionsPerAddress = 1 }
        let server = try TestServer(limits)
        let first = try RawClient(port: server.port)
        try first.open()
        let second = try RawClient(port: server.port)
        try second.send(RawClient.upgradeRequest())
        #expect(try second.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 429 "))
        let other = try RawClient(port: server.port, from: "127.0.0.2")
        #expect(try other.open().hasPrefix("HTTP/1.1 101 "))
    }

    @Test func `in a flood only a few are told, the rest is closed, and all places come back`() throws {
        let server = try TestServer(
            limits {
                $0.maxConnections = 1
                $0.maxRefusalsAnswered = 2
            })
        let first = try RawClient(port: server.port)
        try first.open()
        let flood = try (0..<10).map { _ in try RawClient(port: server.port) }
        // None of them ends its side: as long as that lasts, its place is taken.
        let told = flood.count { client in
            do { return try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 503") } catch { return false }
        }
        #expect(told == 2)
        #expect(server.counters.refusedFull == 10 && server.counters.turningAway == 2)
        for client in flood { client.reset() }
        server.letPass(milliseconds: 5)
        #expect(server.counters.turningAway == 0 && server.counters.open == 1)
    }
}
