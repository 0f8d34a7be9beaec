import Glibc
import WebSocket

/// Whoever started this process and wants to know how it is: systemd, or anything that speaks its way of being told.
///
/// - Source: `sd_notify(3)`, `sd_watchdog_enabled(3)`, `sd_listen_fds(3)`.
public struct Supervisor: Sendable {
    /// What is told, each a line or two of the protocol.
    public enum News: Sendable, Equatable {
        case ready(status: String)
        case stopping
        /// Settings are read anew since an instant; `ready` follows.
        case reloading(since: MonotonicTime)
        /// The process is well. To be said more often than `watchdogPeriod`.
        case alive

        var text: String {
            switch self {
            case .ready(let status): "READY=1\nSTATUS=\(status)"
            case .stopping: "STOPPING=1\nSTATUS=drains"
            case .reloading(let since): "RELOADING=1\nMONOTONIC_USEC=\(since.nanoseconds / 1000)"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// What `FileDescriptorName=` has to be for a socket on which TLS is spoken.
    private static let secureName = "tls"
    /// Descriptors are handed over from this one on.
    private static let firstDescriptor: Int32 = 3
    private static let maxDescriptors = 64

    /// Where news go: a path, or a name in the abstract space with `@` before it. Nil when nobody asks for news.
    private let socketName: String?
    /// News of being alive may be this far apart; nil when nobody waits for them.
    public let watchdogPeriod: Duration?
    /// Sockets that listen already, to be served instead of opening one.
    public struct Sockets: Sendable, Equatable {
        public var plain: [Int32]
        /// Those whose name is `tls`.
        public var secure: [Int32]

        public init(plain: [Int32] = [], secure: [Int32] = []) {
            self.plain = plain
            self.secure = secure
        }
    }

    public let sockets: Sockets

    /// - Parameter environment: of the process, where its starter has written what it wants.
    public init(environment: [String: String], processID: Int32 = getpid()) {
        let name = environment["NOTIFY_SOCKET"] ?? ""
        let isSound = (name.hasPrefix("/") || name.hasPrefix("@")) && (2...107).contains(name.utf8.count)
        socketName = isSound ? name : nil
        func isMeant(_ variable: String) -> Bool { environment[variable].map { $0 == String(processID) } ?? true }
        let period = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogPeriod = isSound && period > 0 && isMeant("WATCHDOG_PID") ? .microseconds(period) : nil
        // Meant for another process, the descriptors of those numbers are none of ours to touch.
        let count = environment["LISTEN_FDS"].flatMap { Int32($0) } ?? 0
        let isOurs = environment["LISTEN_PID"] == String(processID)
        let isSensible = isOurs && (1...Int32(Self.maxDescriptors)).contains(count)
        sockets = Self.sockets(isSensible ? count : 0, names: environment["LISTEN_FDNAMES"] ?? "")
    }

    /// - Parameter names: one for each, with colons between them, or none at all.
    private static func sockets(_ count: Int32, names: String) -> Sockets {
        let names = names.split(separator: ":", omittingEmptySubsequences: false)
        var sockets = Sockets()
        for index in 0..<count {
            let isSecure = index < names.count && names[Int(index)] == secureName
            let descriptor = firstDescriptor + index
            if isSecure { sockets.secure.append(descriptor) } else { sockets.plain.append(descriptor) }
        }
        return sockets
    }

    /// Sends news. Nobody is waited for, and nothing depends on their arrival.
    public func tell(_ news: News) {
        guard let socketName else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketName.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // A name in the abstract space ends with the address, a path with a zero.
        let length = MemoryLayout<sa_family_t>.size + name.count + (name[0] == 0 ? 0 : 1)
        let bytes = Array(news.text.utf8)
        _ = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(length))
            }
        }
    }
}
