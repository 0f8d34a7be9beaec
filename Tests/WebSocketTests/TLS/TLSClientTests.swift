import Glibc
import TestSupport
import Testing

@testable import WebSocket

/// A socket of ours that says one thing as a client and keeps what it hears.
private final class Visitor: Socket {
    enum Heard: Equatable, Sendable {
        case secured
        case failed(TLSFailure)
        case said(String)
        case end
    }

    private let journal: Journal<Heard>

    init?(port: UInt16, shared: LoopShared.Pointer, journal: Journal<Heard>) {
        self.journal = journal
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, fcntl(fd, F_SETFL, O_NONBLOCK) == 0 else { return nil }
        super.init(fd: fd, shared: shared, peerAddress: PeerAddress(sockaddr_storage()))
    }

    override func secured() { journal.add(.secured) }

    override func securingFailed(_ failure: TLSFailure) {
        journal.add(.failed(failure))
        release()
    }

    override func readable(_ flags: UInt32) {
        let buffer = shared.pointee.receiveBuffer
        guard let count = read(into: buffer, capacity: shared.pointee.limits.receiveBufferBytes) else { return }
        guard count > 0 else {
            journal.add(.end)
            return release()
        }
        let text = String(decoding: UnsafeRawBufferPointer(start: buffer, count: count), as: UTF8.self)
        journal.add(.said(text.split(separator: "\r\n").first.map(String.init) ?? ""))
    }
}

@Suite("TLS: as a client") struct TLSClientTests {
    private let place: TemporaryDirectory
    private let authority: TestCertificate
    private let server: SecureServer

    init() throws {
        let place = try TemporaryDirectory()
        let authority = try TestCertificate(in: place.path + "/ca", names: ["authority.test"], isAuthority: true)
        self.place = place
        self.authority = authority
        server = try SecureServer { settings in
            let leaf = try TestCertificate(
                in: place.path + "/leaf", names: ["game.test", "127.0.0.1"], issuer: authority)
            settings.certificate = leaf.certificate
            settings.key = leaf.key
        }
    }

    /// What a client hears that asks for something as soon as it may say anything.
    private func visit(_ context: TLSClientContext, host: String) -> Journal<Visitor.Heard> {
        let journal = Journal<Visitor.Heard>()
        let port = server.port
        server.server.run { loop in
            guard let visitor = Visitor(port: port, shared: loop.shared, journal: journal) else { return }
            loop.shared.pointee.counters.open += 1
            do { try loop.shared.pointee.register(visitor, interest: visitor.interest) } catch { return }
            guard visitor.connect(context, to: host) else { return }
            Array("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8).withUnsafeBytes {
                visitor.enqueue($0)
            }
        }
        return journal
    }

    @Test(arguments: ["game.test", "127.0.0.1"])
    func `a server that shows a trusted certificate for its name is spoken to`(host: String) throws {
        let journal = visit(try TLSClientContext(authorities: authority.certificate), host: host)
        #expect(journal.next() == .secured)
        #expect(journal.next() == .said("HTTP/1.1 200 OK"))
        #expect(journal.next() == .end)
        #expect(server.counters { $0.full == 2 && $0.open == 0 } != nil)
    }

    @Test(arguments: ["other.test", "127.0.0.2"])
    func `one for another name is not`(host: String) throws {
        let journal = visit(try TLSClientContext(authorities: authority.certificate), host: host)
        #expect(journal.next() == .failed(.certificate))
        // The server hears of it too.
        #expect(server.counters { $0[.certificate] == 1 && $0[.refused] == 1 && $0.inProgress == 0 } != nil)
    }

    @Test func `one that nobody trusts is not`() throws {
        let journal = visit(try TLSClientContext(), host: "game.test")
        #expect(journal.next() == .failed(.certificate))
    }

    @Test func `one that is not looked at may be any`() throws {
        let journal = visit(try TLSClientContext(verifies: false), host: "other.test")
        #expect(journal.next() == .secured)
    }

    @Test func `a file of authorities that is not there is named`() throws {
        let missing = place.path + "/missing.pem"
        #expect(throws: TLSError.unreadable(path: missing, SystemError("open", number: ENOENT))) {
            try TLSClientContext(authorities: missing)
        }
    }
}
