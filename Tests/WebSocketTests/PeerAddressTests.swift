import Glibc
import Testing

@testable import WebSocket

@Suite("Addresses of peers") struct PeerAddressTests {
    @Test func `version 4 is written with dots`() {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(4711).bigEndian
            address.sin_addr.s_addr = UInt32(0xC0A8_010A).bigEndian
            bytes.storeBytes(of: address, as: sockaddr_in.self)
        }
        #expect(PeerAddress(storage).text == "192.168.1.10:4711")
    }

    @Test func `version 6 is written in brackets`() {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(80).bigEndian
            address.sin6_addr = in6addr_loopback
            bytes.storeBytes(of: address, as: sockaddr_in6.self)
        }
        #expect(PeerAddress(storage).text == "[::1]:80")
    }
}
