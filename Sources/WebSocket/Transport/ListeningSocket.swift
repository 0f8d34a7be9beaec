import CLinux
import Glibc

/// A socket that listens, however it came to: its descriptor, and what has to be tidied up behind it.
struct ListeningSocket {
    let descriptor: Int32
    /// The port listened on; 0 for a Unix-domain socket.
    let port: UInt16
    /// The address of this machine to reach it by; nil for a Unix-domain socket.
    let nearest: IPAddress?
    /// The file of a Unix-domain socket.
    let path: String?
    /// The file made for a Unix-domain socket, with what tells it from another of the same name.
    private var file: (path: String, device: dev_t, inode: ino_t)?

    /// - Throws: when the address cannot be had.
    init(at address: ListenAddress, options: ListenOptions, limits: Limits) throws(SystemError) {
        switch address.place {
        case .port(let port, let host): descriptor = try Self.bind(host: host, port: port, options)
        case .file(let path):
            descriptor = try Self.bind(path: path, mode: options.fileMode)
            var status = stat()
            if stat(path, &status) == 0 { file = (path, status.st_dev, status.st_ino) }
        case .inherited(let fd): descriptor = try Self.adopt(fd)
        }
        // Connections inherit it, and it has to be known before they say how much they may be sent (RFC 7323 §2).
        if let bytes = limits.kernelReceiveBufferBytes {
            Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes))
        }
        // One that was handed over listens already; saying so again only sets the backlog.
        guard Glibc.listen(descriptor, Int32(clamping: limits.listenBacklog)) == 0 else {
            throw Self.failure("listen", closing: descriptor)
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let fd = descriptor
        let named = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        guard named == 0 else { throw Self.failure("getsockname", closing: descriptor) }
        let own = PeerAddress(storage)
        port = own.port
        switch own.address {
        case IPAddress(version4: 0): nearest = IPAddress(version4: 0x7F00_0001)
        case IPAddress(high: 0, low: 0): nearest = IPAddress(high: 0, low: 1)
        case let address: nearest = address
        }
        path = own.address == nil ? Self.path(in: storage) : nil
    }

    /// Removes the file, unless another has taken its place.
    func removeFile() {
        guard let file else { return }
        var status = stat()
        if stat(file.path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode {
            unlink(file.path)
        }
    }

    // MARK: TCP

    private static func bind(host: String, port: UInt16, _ options: ListenOptions) throws(SystemError) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw SystemError("getaddrinfo \(host)", number: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(address) }
        let fd = try stream(address.pointee.ai_family)
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        if options.sharesPort { set(fd, SOL_SOCKET, SO_REUSEPORT, 1) }
        // The system's default may be otherwise, and `::` is to mean every address.
        if address.pointee.ai_family == AF_INET6 { set(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard Glibc.bind(fd, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            throw failure("bind \(host):\(port)", closing: fd)
        }
        return fd
    }

    private static func stream(_ family: Int32) throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let fd = socket(family, kind, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        return fd
    }

    private static func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Unix-domain sockets

    private static func bind(path: String, mode: UInt32) throws(SystemError) -> Int32 {
        let fd = try stream(AF_UNIX)
        // Nobody may connect before the mode is right: a socket that does not listen yet refuses everybody.
        var result = withAddress(of: path) { Glibc.bind(fd, $0, $1) }
        if result != 0, clinux_errno() == EADDRINUSE, isStale(path) {
            unlink(path)
            result = withAddress(of: path) { Glibc.bind(fd, $0, $1) }
        }
        guard result == 0 else { throw failure("bind \(path)", closing: fd) }
        guard chmod(path, mode_t(mode)) == 0 else { throw failure("chmod \(path)", closing: fd) }
        return fd
    }

    /// Whether a file is a socket that nobody answers on: what a process left that did not end in order.
    private static func isStale(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { return false }
        defer { _ = Glibc.close(fd) }
        return withAddress(of: path) { connect(fd, $0, $1) } != 0 && clinux_errno() == ECONNREFUSED
    }

    private static func path(in storage: sockaddr_storage) -> String {
        withUnsafeBytes(of: storage) { bytes in
            let name = bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix(ListenAddress.maxFileBytes)
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    static func withAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: path.utf8.prefix(ListenAddress.maxFileBytes))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    // MARK: Handed over

    private static func adopt(_ fd: Int32) throws(SystemError) -> Int32 {
        var listens: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 else {
            throw SystemError("descriptor \(fd)")
        }
        guard listens == 1 else { throw SystemError("descriptor \(fd)", number: EINVAL) }
        guard fcntl(fd, F_SETFD, FD_CLOEXEC) == 0, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 else {
            throw SystemError("fcntl \(fd)")
        }
        return fd
    }

    private static func failure(_ call: String, closing fd: Int32) -> SystemError {
        let error = SystemError(call)
        _ = Glibc.close(fd)
        return error
    }
}
