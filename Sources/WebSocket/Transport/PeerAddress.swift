import Glibc

/// Address and port of the other end.
struct PeerAddress: Sendable, Equatable {
    /// Nil for a peer of a Unix-domain socket.
    let address: IPAddress?
    let port: UInt16

    init(_ address: IPAddress?, port: UInt16) {
        self.address = address
        self.port = port
    }

    init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: address.sin6_addr) { parts in
                    Self(
                        IPAddress(
                            high: UInt64(bigEndian: parts.loadUnaligned(as: UInt64.self)),
                            low: UInt64(bigEndian: parts.loadUnaligned(fromByteOffset: 8, as: UInt64.self))),
                        port: UInt16(bigEndian: address.sin6_port))
                }
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return Self(
                    IPAddress(version4: UInt32(bigEndian: address.sin_addr.s_addr)),
                    port: UInt16(bigEndian: address.sin_port))
            default: return Self(nil, port: 0)
            }
        }
    }

    /// `127.0.0.1:4711` or `[::1]:4711`; `unix` for a peer of a Unix-domain socket.
    var text: String {
        guard let address else { return AddressList.unixWord }
        return address.isVersion4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
