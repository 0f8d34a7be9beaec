import PluginAPI
import WebSocket

extension ServerSources {
    func reloadCertificates(by requester: Requester) -> Finding {
        guard let certificates else { return .refused("tls.cert is not set: there is no TLS") }
        do throws(TLSError) {
            let loaded = try certificates.reload(by: requester.actor)
            return .json(JSON.object([.init("certificates", .array(loaded.map(Self.described)))]).encoded())
        } catch {
            return .refused("\(error)")
        }
    }

    private static func described(_ certificate: TLSCertificate) -> JSON {
        [
            "file": .string(certificate.path), "names": .array(certificate.names.map { .string($0) }),
            "begins": .string(Timestamp(unixMilliseconds: certificate.begins * 1000).rfc3339),
            "ends": .string(Timestamp(unixMilliseconds: certificate.ends * 1000).rfc3339),
        ]
    }
}
