import Foundation
import TestSupport
import Testing

@testable import WebSocket

@Suite("Listening") struct ListenerTests {
    private let get = "GET /peer HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

    private func peer(_ client: RawClient) throws -> String {
        try client.send(get)
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        return answer.components(separatedBy: "\r\n\r\n").last ?? ""
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:0", "[::1]:0"), ("localhost:5050 proxy", "localhost:5050 proxy"),
        ("unix:/run/game.sock", "unix:/run/game.sock"), ("unix:/a proxy", "unix:/a proxy"),
        ("[::]:65535", "[::]:65535"),
    ]) func `an address is read as it is written`(text: String, written: String) throws {
        #expect("\(try #require(ListenAddress(text)))" == written)
    }

    @Test(arguments: [
        "", "80", ":80", "host", "host:", "host:x", "host:70000", "::1:80", "[::1]", "unix:", "unix:relative", "a b:80",
        "unix:/\(String(repeating: "x", count: 107))", "proxy", " proxy", "host:80 proxies",
    ]) func `what is no address to listen on is none`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func `every address of both families is heard on one socket`() throws {
        let server = try TestServer(at: ListenAddress(.port(0, host: "::")))
        #expect(try peer(RawClient(port: server.port)).hasPrefix("127.0.0.1:"))
        #expect(try peer(RawClient(port: server.port, host: "::1")).hasPrefix("[::1]:"))
    }

    @Test func `a taken port is an error that says which`() throws {
        let server = try TestServer()
        let address = ListenAddress(.port(server.port, host: "127.0.0.1"))
        let error = #expect(throws: SystemError.self) { try TestServer(at: address) }
        #expect(error?.description == "bind 127.0.0.1:\(server.port): address already in use")
    }

    @Test func `a port can be shared by those who all say so`() throws {
        var options = ListenOptions()
        options.sharesPort = true
        let first = try TestServer(options: options)
        let second = try TestServer(at: ListenAddress(.port(first.port, host: "127.0.0.1")), options: options)
        var answered = 0
        for _ in 0..<40 where try !peer(RawClient(port: first.port)).isEmpty { answered += 1 }
        #expect(answered == 40)
        #expect(first.counters.accepted + second.counters.accepted == 40)
        #expect(first.counters.accepted > 0 && second.counters.accepted > 0)
    }

    // MARK: Unix-domain sockets

    @Test func `a Unix-domain socket serves, has its mode, and goes with its listener`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/game.sock"
        var options = ListenOptions()
        options.fileMode = 0o600
        do {
            let server = try TestServer(at: ListenAddress(.file(path)), options: options)
            #expect(server.port == 0)
            #expect(try peer(RawClient(path: path)) == "unix")
            let client = try RawClient(path: path)
            #expect(try client.open().hasPrefix("HTTP/1.1 101 "))
            try client.send(clientFrame(text: "hi"))
            #expect(try client.receiveFrame() == .text("hi"))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a file that a dead process left is replaced, one that is answered on is not, nor any other file`()
        throws
    {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/game.sock"
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(stale)
        let server = try TestServer(at: ListenAddress(.file(path)))
        #expect(try peer(RawClient(path: path)) == "unix")
        #expect(throws: SystemError.self) { try TestServer(at: ListenAddress(.file(path))) }
        #expect(try peer(RawClient(path: path)) == "unix")
        withExtendedLifetime(server) {}
        let other = folder.path + "/notes"
        #expect(FileManager.default.createFile(atPath: other, contents: Data("keep".utf8)))
        #expect(throws: SystemError.self) { try TestServer(at: ListenAddress(.file(other))) }
        #expect(FileManager.default.contents(atPath: other) == Data("keep".utf8))
    }

    // MARK: Handed over

    @Test func `a socket that listens already is served, and any other descriptor is refused`() throws {
        let inherited = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(inherited, 5) == 0)
        let server = try TestServer(at: ListenAddress(.inherited(inherited)))
        #expect(server.port > 0)
        #expect(try peer(RawClient(port: server.port)).hasPrefix("127.0.0.1:"))
        let idle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(idle) }
        let error = #expect(throws: SystemError.self) { try TestServer(at: ListenAddress(.inherited(idle))) }
        #expect(error?.description == "descriptor \(idle): invalid argument")
    }
}
