import COpenSSL
import Foundation
import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: certificates") struct TLSCertificateTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func make(_ folder: String, _ names: [String], days: ClosedRange<Int> = 0...30) throws -> TestCertificate {
        try TestCertificate(in: place.path + "/" + folder, names: names, days: days)
    }

    private func failure(_ settings: TLSServerSettings) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSServerContext(settings)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a certificate is known by its names and by when it ends`() throws {
        let own = try make("own", ["Game.test", "*.game.test"])
        let context = try TLSServerContext(TLSServerSettings(certificate: own.certificate, key: own.key))
        let read = try #require(context.certificates.first)
        #expect(read.names == ["game.test", "*.game.test"])
        #expect(read.path == own.certificate)
        let left = Double(read.ends) - Date().timeIntervalSince1970
        #expect(abs(left - 30 * 86_400) < 600)
    }

    @Test func `one that has ended is refused with its end`() throws {
        let old = try make("old", ["game.test"], days: -10 ... -1)
        let error = failure(TLSServerSettings(certificate: old.certificate, key: old.key))
        guard case .ended(old.certificate, let at) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description == "the certificate in \(old.certificate) ended on \(UTCTime(at))")
    }

    @Test func `one that has not begun is refused with its beginning`() throws {
        let next = try make("next", ["game.test"], days: 2...10)
        guard case .begins(next.certificate, _) = failure(.init(certificate: next.certificate, key: next.key)) else {
            Issue.record("taken")
            return
        }
    }

    @Test func `times read as people write them`() {
        #expect(UTCTime(1_798_718_405).description == "2026-12-31 12:00:05 UTC")
    }

    @Test func `a key of another certificate is refused, and both files are named`() throws {
        let one = try make("one", ["game.test"])
        let other = try make("other", ["game.test"])
        let error = failure(TLSServerSettings(certificate: one.certificate, key: other.key))
        #expect(error == .otherKey(path: other.key, certificate: one.certificate))
        #expect(
            error?.description == "the key in \(other.key) is not that of the certificate in \(one.certificate)")
    }

    @Test func `files that are not there, or hold something else, are named`() throws {
        let own = try make("own", ["game.test"])
        let missing = place.path + "/missing.pem"
        let absent = TLSError.unreadable(path: missing, SystemError("open", number: ENOENT))
        #expect(failure(TLSServerSettings(certificate: missing, key: own.key)) == absent)
        #expect(absent.description == "\(missing) cannot be read: open: no such file or directory")
        #expect(failure(TLSServerSettings(certificate: own.certificate, key: missing)) == absent)
        #expect(failure(TLSServerSettings(certificate: own.key, key: own.key)) == .noCertificate(path: own.key))
        let swapped = TLSServerSettings(certificate: own.certificate, key: own.certificate)
        #expect(failure(swapped) == .noKey(path: own.certificate))
    }

    @Test func `a folder of certificates that is not there is named`() throws {
        let own = try make("own", ["game.test"])
        let settings = TLSServerSettings(certificate: own.certificate, key: own.key, directory: place.path + "/none")
        #expect(failure(settings) == .unreadable(path: place.path + "/none", SystemError("opendir", number: ENOENT)))
    }

    @Test func `each client gets the certificate for the name it asks for`() throws {
        _ = try make("more/b", ["other.test", "www.other.test"])
        _ = try make("more/a", ["*.wild.test"])
        _ = try make("more/old", ["twice.test"], days: 0...5)
        _ = try make("more/new", ["newer.test", "twice.test"], days: 0...50)
        try FileManager.default.createDirectory(
            atPath: place.path + "/more/README", withIntermediateDirectories: false)
        let server = try SecureServer { $0.directory = place.path + "/more" }
        #expect(server.context.certificates.count == 5)
        let expected = [
            nil: "game.test", "game.test": "game.test", "unknown.test": "game.test", "other.test": "other.test",
            "WWW.Other.test": "other.test", "one.wild.test": "*.wild.test", "a.b.wild.test": "game.test",
            "wild.test": "game.test", "twice.test": "newer.test",
        ]
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            for (asked, shown) in expected {
                var options = SecureClient.Options()
                options.versions = version...version
                options.name = asked
                let found = try SecureClient(port: server.port, options).serverName
                #expect(found == shown, "for \(asked ?? "nobody")")
            }
        }
    }

    @Test func `a name of its own goes before another's wildcard`() throws {
        let own = try make("own", ["one.game.test"])
        _ = try make("more/wild", ["*.game.test"])
        let server = try SecureServer {
            $0 = TLSServerSettings(certificate: own.certificate, key: own.key, directory: place.path + "/more")
        }
        for (asked, shown) in ["one.game.test": "one.game.test", "two.game.test": "*.game.test"] {
            var options = SecureClient.Options()
            options.name = asked
            let found = try SecureClient(port: server.port, options).serverName
            #expect(found == shown, "for \(asked)")
        }
    }

    @Test func `a reload counts for the next connection, and the open ones stay`() throws {
        let server = try SecureServer()
        let before = try SecureClient(port: server.port)
        try before.open()
        _ = try TestCertificate(in: server.directory.path, names: ["renewed.test"])
        #expect(try server.context.reload().map(\.names) == [["renewed.test"]])
        #expect(try SecureClient(port: server.port).serverName == "renewed.test")
        try before.send(clientFrame(text: "still here"))
        #expect(try before.receiveFrame() == .text("still here"))
        #expect(before.serverName == "game.test")
    }

    @Test func `a reload of a bad file says so and serves what there was`() throws {
        let server = try SecureServer()
        let path = server.directory.path + "/fullchain.pem"
        try Data("no certificate".utf8).write(to: URL(filePath: path))
        #expect(throws: TLSError.noCertificate(path: path)) { try server.context.reload() }
        #expect(server.context.certificates.map(\.names) == [["game.test"]])
        #expect(try SecureClient(port: server.port).serverName == "game.test")
    }

    @Test func `sessions and handshakes outlive the certificates they began with`() throws {
        let server = try SecureServer { $0.directory = nil }
        for round in 0..<20 {
            let client = try SecureClient(RawClient(port: server.port))
            _ = try TestCertificate(in: server.directory.path, names: ["round\(round).test"])
            try server.context.reload()
            try client.handshake()
            try client.open()
        }
        #expect(server.counters { $0.full == 20 } != nil)
    }
}
