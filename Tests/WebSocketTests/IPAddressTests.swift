import Glibc
import Testing

@testable import WebSocket

@Suite("Addresses") struct IPAddressTests {
    /// What the system makes of the same text.
    private func system(_ text: String) -> String? {
        var characters = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var version4 = in_addr()
        var version6 = in6_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            inet_ntop(AF_INET, &version4, &characters, socklen_t(characters.count))
        } else if inet_pton(AF_INET6, text, &version6) == 1 {
            inet_ntop(AF_INET6, &version6, &characters, socklen_t(characters.count))
        } else {
            return nil
        }
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test(arguments: [
        "127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1:2:3:4", "1:0:0:2:0:0:0:3",
        "2001:DB8:0:0:1:0:0:1", "fe80::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "64:ff9b::1.2.3.4",
    ]) func `an address is read and written as the system does it`(text: String) throws {
        #expect("\(try #require(IPAddress(text)))" == system(text))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ", "+1.2.3.4", "a.b.c.d",
        ":",
        ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1%eth0",
        "[::1]",
        "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1/64", "::+1",
    ]) func `what the system takes for no address is none`(text: String) {
        #expect(IPAddress(text) == nil)
        #expect(system(text) == nil)
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `random addresses are written as the system writes them, and read back`(seed: UInt64) throws {
        print("seed \(seed)")
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 11
        }
        for _ in 0..<5000 {
            // Many groups of zeros, which is where writing gets hard.
            func word() -> UInt64 {
                (0..<4).reduce(0) { word, _ in word << 16 | (next() % 2 == 0 ? 0 : next() & 0xFFFF) }
            }
            let address =
                next() % 5 == 0
                ? IPAddress(version4: UInt32(truncatingIfNeeded: next())) : IPAddress(high: word() | 1, low: word())
            #expect(system("\(address)") == "\(address)")
            #expect(IPAddress("\(address)") == address)
        }
    }

    @Test func `an address of IPv4 inside IPv6 is the one of IPv4`() throws {
        let inside = try #require(IPAddress("::ffff:10.1.2.3"))
        #expect(inside == IPAddress("10.1.2.3") && "\(inside)" == "10.1.2.3" && inside.isVersion4)
        #expect(ClientNetwork(inside) == ClientNetwork(try #require(IPAddress("10.1.2.3"))))
        #expect(IPAddress("::ffff:a01:203") == inside)
    }

    @Test func `of IPv6 a network of 64 bits counts as one, of IPv4 each address`() throws {
        func network(_ text: String) throws -> ClientNetwork { ClientNetwork(try #require(IPAddress(text))) }
        #expect(try network("2001:db8::1") == network("2001:db8::ffff:1:2:3"))
        #expect(try network("2001:db8:0:1::1") != network("2001:db8::1"))
        #expect(try network("10.0.0.1") != network("10.0.0.2"))
        // An IPv6 network whose first bits are those of an address of IPv4.
        #expect(try network("0:ffff:a00:1::") != network("10.0.0.1"))
    }

    // MARK: Lists

    @Test(arguments: [
        ("", [], "1.2.3.4", false), ("10.0.0.0/8", ["10.0.0.0/8"], "10.255.0.1", true),
        ("10.1.2.3/8", ["10.0.0.0/8"], "11.0.0.1", false), (" ::1 ,, 127.0.0.1", ["::1", "127.0.0.1"], "::1", true),
        ("0.0.0.0/0", ["0.0.0.0/0"], "200.1.1.1", true), ("0.0.0.0/0", ["0.0.0.0/0"], "2001:db8::1", false),
        ("::/0", ["::/0"], "1.2.3.4", true), ("2001:db8::/33", ["2001:db8::/33"], "2001:db8:8000::1", false),
        ("2001:db8::/32", ["2001:db8::/32"], "2001:db8:8000::1", true), ("10.0.0.1/32", ["10.0.0.1"], "10.0.0.1", true),
        ("::ffff:10.0.0.0/104", ["10.0.0.0/8"], "10.9.9.9", true), ("unix", ["unix"], "127.0.0.1", false),
    ]) func `a list holds whom it names`(text: String, entries: [String], address: String, isIn: Bool) throws {
        let list = try AddressList(text)
        #expect(list.entries == entries)
        let asked = try #require(IPAddress(address))
        #expect(list.contains(asked) == isIn)
        #expect(try AddressList(list.entries.joined(separator: ",")) == list)
        #expect(list.contains(nil) == (text == "unix"))
    }

    @Test(arguments: ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "host", "unix:/tmp/x"])
    func `what is no address or network is named`(text: String) {
        let error = #expect(throws: AddressList.NoAddress.self) { try AddressList("1.2.3.4, \(text)") }
        #expect(error?.description == "\(text) is no IP address or network")
    }
}
