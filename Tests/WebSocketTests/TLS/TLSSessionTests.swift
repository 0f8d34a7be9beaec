import COpenSSL
import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: sessions that are resumed") struct TLSSessionTests {
    /// Asks for something, so that a ticket has come, and keeps what it takes to resume.
    private func session(of client: SecureClient) throws -> SecureClient.Session? {
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive(through: "\r\n\r\nhello GET")
        return client.session
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client that comes back resumes, also after a reload`(version: Int32) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.versions = version...version
        options.name = "game.test"
        let first = try SecureClient(port: server.port, options)
        #expect(!first.wasResumed)
        options.session = try session(of: first)
        try server.context.reload()
        let second = try SecureClient(port: server.port, options)
        #expect(second.wasResumed)
        #expect(server.counters { $0.full == 1 && $0.resumed == 1 } != nil)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a session of a certificate of the folder is resumed too`(version: Int32) throws {
        let place = try TemporaryDirectory()
        _ = try TestCertificate(in: place.path + "/other", names: ["other.test"])
        let server = try SecureServer { $0.directory = place.path }
        var options = SecureClient.Options()
        options.versions = version...version
        options.name = "other.test"
        options.session = try session(of: SecureClient(port: server.port, options))
        let second = try SecureClient(port: server.port, options)
        #expect(second.wasResumed && second.serverName == "other.test")
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `without a lifetime there is nothing to resume`(version: Int32) throws {
        let server = try SecureServer { $0.ticketLifetime = .zero }
        var options = SecureClient.Options()
        options.versions = version...version
        options.session = try session(of: SecureClient(port: server.port, options))
        #expect(try !SecureClient(port: server.port, options).wasResumed)
    }

    @Test func `a key is used for one lifetime, understood for another, and then gone`() {
        let keys = TicketKeys(lifetime: .seconds(100))
        func use(_ use: TicketKeys.Use, _ name: inout [UInt8], at second: Int) -> Int32 {
            let cipher = EVP_CIPHER_CTX_new()
            let mac = EVP_MAC_fetch(nil, "HMAC", nil)
            let context = EVP_MAC_CTX_new(mac)
            defer {
                EVP_CIPHER_CTX_free(cipher)
                EVP_MAC_CTX_free(context)
                EVP_MAC_free(mac)
            }
            var vector = [UInt8](repeating: 0, count: 16)
            let now = MonotonicTime(nanoseconds: 0) + .seconds(second)
            return keys.prepare(use, name: &name, vector: &vector, cipher: cipher, mac: context, at: now)
        }
        var first = [UInt8](repeating: 0, count: 16)
        var second = first
        var third = first
        #expect(use(.decrypt, &first, at: 0) == 0)
        #expect(use(.encrypt, &first, at: 0) == 1)
        #expect(use(.encrypt, &second, at: 99) == 1)
        #expect(second == first)
        #expect(use(.decrypt, &first, at: 99) == 1)
        #expect(use(.decrypt, &first, at: 100) == 2)
        #expect(use(.encrypt, &second, at: 150) == 1)
        #expect(second != first)
        #expect(use(.decrypt, &first, at: 199) == 2)
        #expect(use(.decrypt, &first, at: 200) == 0)
        #expect(use(.encrypt, &third, at: 251) == 1)
        #expect(use(.decrypt, &second, at: 251) == 2)
        #expect(use(.decrypt, &first, at: 251) == 0)
    }
}
