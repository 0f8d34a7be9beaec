import CLinux
import Glibc

/// One address a name leads to.
struct SocketAddress {
    var storage = sockaddr_storage()
    var length: socklen_t

    /// Where a name leads, in the system's order of preference. Waits for the lookup of a name, not for that of an address.
    ///
    /// - Throws: when it leads nowhere.
    static func lookUp(host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw SystemError("getaddrinfo \(host)", number: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(found) }
        var addresses: [SocketAddress] = []
        var next = found
        while let info = next?.pointee {
            if let address = info.ai_addr, Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size {
                var one = SocketAddress(length: info.ai_addrlen)
                withUnsafeMutableBytes(of: &one.storage) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
                }
                addresses.append(one)
            }
            next = info.ai_next
        }
        return addresses
    }

    /// Begins to connect, without waiting.
    ///
    /// - Returns: the descriptor.
    /// - Throws: when that fails at once.
    func connect() throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let fd = socket(Int32(storage.ss_family), kind, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        var yes: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let begun = withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(fd, $0, length) }
        }
        guard begun == 0 || SystemError.lastNumber == EINPROGRESS else {
            let error = SystemError("connect")
            _ = Glibc.close(fd)
            throw error
        }
        return fd
    }
}
