import Glibc

/// Address and port of the other end, as small as the kernel gave them.
struct PeerAddress: Sendable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private var port: UInt16 = 0
    private var isVersion6 = false

    init(_ storage: sockaddr_storage) {
        withUnsafeBytes(of: storage) { bytes in
            if storage.ss_family == sa_family_t(AF_INET6) {
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                withUnsafeBytes(of: address.sin6_addr) { parts in
                    high = parts.loadUnaligned(as: UInt64.self)
                    low = parts.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                }
                port = UInt16(bigEndian: address.sin6_port)
                isVersion6 = true
            } else {
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                low = UInt64(address.sin_addr.s_addr)
                port = UInt16(bigEndian: address.sin_port)
            }
        }
    }

    /// `127.0.0.1:4711` or `[::1]:4711`.
    var text: String {
        var characters = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isVersion6 {
            var words = (high, low)
            inet_ntop(AF_INET6, &words, &characters, socklen_t(characters.count))
        } else {
            var word = UInt32(truncatingIfNeeded: low)
            inet_ntop(AF_INET, &word, &characters, socklen_t(characters.count))
        }
        let used = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let address = String(decoding: used, as: UTF8.self)
        return isVersion6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
