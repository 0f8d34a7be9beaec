import TestSupport

@testable import WebSocket

/// A `TestServer` that speaks TLS with a certificate of its own.
final class SecureServer {
    let directory: TemporaryDirectory
    let context: TLSServerContext
    let server: TestServer
    var port: UInt16 { server.port }
    var journal: Journal<Told> { server.journal }

    init(
        _ limits: Limits = Limits(), compression: CompressionPolicy? = nil, doorkeeper: Doorkeeper? = nil,
        at address: ListenAddress = ListenAddress(.port(0, host: "127.0.0.1")),
        configure: (inout TLSServerSettings) throws -> Void = { _ in }
    ) throws {
        directory = try TemporaryDirectory()
        let own = try TestCertificate(in: directory.path, names: ["game.test"])
        var settings = TLSServerSettings(certificate: own.certificate, key: own.key)
        try configure(&settings)
        context = try TLSServerContext(settings)
        var options = ListenOptions()
        options.tls = context
        server = try TestServer(
            limits, compression: compression, doorkeeper: doorkeeper, at: address, options: options)
    }

    /// The counters, once they are as wanted; nil when they never were.
    func counters(when isReached: (TLSCounters) -> Bool) -> TLSCounters? {
        for _ in 0..<2000 {
            let counters = server.counters.tls
            if isReached(counters) { return counters }
            server.letPass(milliseconds: 5)
        }
        return nil
    }
}
