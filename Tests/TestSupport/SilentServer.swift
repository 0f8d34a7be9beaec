import Foundation

/// Listens on a free port and says nothing: the system takes connections, nobody answers.
public final class SilentServer {
    private let fd: Int32
    public let port: UInt16

    public init() throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = fd
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, length) == 0 && listen(fd, 8) == 0 && getsockname(fd, $0, &length) == 0
            }
        }
        guard isListening else { throw RawClient.Failure.connect(errno) }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(fd)
    }
}
