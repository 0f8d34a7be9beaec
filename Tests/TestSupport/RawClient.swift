import Foundation

/// A TCP client that says exactly the bytes a test gives it. Reads block up to a deadline; a test never sleeps.
public final class RawClient: ClientStream {
    public enum Failure: Error {
        case connect(Int32)
        case write(Int32)
        /// Nothing came before the deadline.
        case silent
        case reset
    }

    private let fd: Int32

    /// - Parameters:
    ///   - host: an address of IPv4 or, with a colon in it, of IPv6.
    ///   - source: an own address of IPv4 to connect from.
    ///   - receiveBufferBytes: asked of the kernel; small ones make a server feel back pressure soon.
    public convenience init(
        port: UInt16, host: String = "127.0.0.1", from source: String? = nil, receiveBufferBytes: Int32? = nil,
        deadlineSeconds: Int = 20
    ) throws {
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            try self.init(AF_INET6, address, nil, receiveBufferBytes, deadlineSeconds)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            var own = sockaddr_in()
            own.sin_family = sa_family_t(AF_INET)
            if let source { inet_pton(AF_INET, source, &own.sin_addr) }
            try self.init(AF_INET, address, source == nil ? nil : own, receiveBufferBytes, deadlineSeconds)
        }
        var yes: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Connects to a Unix-domain socket.
    public convenience init(path: String, deadlineSeconds: Int = 20) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try self.init(AF_UNIX, address, nil, nil, deadlineSeconds)
    }

    private init<Address>(
        _ family: Int32, _ address: Address, _ source: Address?, _ receiveBufferBytes: Int32?, _ deadlineSeconds: Int
    ) throws {
        fd = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: deadlineSeconds, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBufferBytes {
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        if let source {
            let bound = withUnsafePointer(to: source) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(fd, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
            guard bound == 0 else { throw Failure.connect(errno) }
        }
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard connected == 0 else { throw Failure.connect(errno) }
    }

    deinit {
        close(fd)
    }

    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.write(errno) }
            sent += count
        }
    }

    /// What comes next, up to `limit` bytes; empty at the end of the stream.
    public func receive(limit: Int) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(fd, &buffer, limit, 0)
        if count < 0 { throw errno == EAGAIN ? Failure.silent : Failure.reset }
        return Array(buffer[..<count])
    }

    /// Ends our side of the stream; reading goes on.
    public func endOutput() {
        shutdown(fd, Int32(SHUT_WR))
    }

    /// Cuts the connection with a reset.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        shutdown(fd, Int32(SHUT_RDWR))
    }
}

/// A frame as a client sends it: masked, whatever else is wrong with it.
///
/// - Parameter firstByte: final bit, reserved bits and opcode.
public func clientFrame(
    _ firstByte: UInt8, _ payload: [UInt8], key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
) -> [UInt8] {
    var frame = [firstByte]
    switch payload.count {
    case ...125: frame.append(0x80 | UInt8(payload.count))
    case ...0xFFFF: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: frame += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    return frame + key + zip(payload, 0...).map { $0 ^ key[$1 & 3] }
}

public func clientFrame(text: String) -> [UInt8] {
    clientFrame(0x81, Array(text.utf8))
}
