import CLinux
import Glibc

extension ListenAddress {
    /// Connects to whoever listens here, waiting for it: not for a loop's thread.
    ///
    /// - Parameter prepare: sets what the socket needs before it connects.
    /// - Returns: a descriptor the caller closes.
    public func connect(_ prepare: (Int32) -> Void) throws(SystemError) -> Int32 {
        switch place {
        case .file(let path):
            return try Self.connect(AF_UNIX, prepare) { fd in
                ListeningSocket.withAddress(of: path) { Glibc.connect(fd, $0, $1) }
            }
        case .port(let port, let host):
            var hints = addrinfo()
            hints.ai_family = AF_UNSPEC
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_NUMERICSERV
            var found: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
                throw SystemError("getaddrinfo \(host)", number: EADDRNOTAVAIL)
            }
            defer { freeaddrinfo(address) }
            return try Self.connect(address.pointee.ai_family, prepare) { fd in
                Glibc.connect(fd, address.pointee.ai_addr, address.pointee.ai_addrlen)
            }
        case .inherited: throw SystemError("connect", number: EINVAL)
        }
    }

    private static func connect(
        _ family: Int32, _ prepare: (Int32) -> Void, _ body: (Int32) -> Int32
    ) throws(SystemError) -> Int32 {
        let fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw SystemError("socket") }
        prepare(fd)
        guard body(fd) == 0 else {
            let error = SystemError("connect")
            _ = Glibc.close(fd)
            throw error
        }
        return fd
    }
}
