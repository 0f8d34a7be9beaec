import Foundation
import Observability
import WebSocket

/// Whether the certificates that clients are shown end soon: those of this server, and that of a proxy in front of it.
struct CertificateWatch: Sendable {
    /// PEM file of the one in front; empty for none.
    let file: String
    /// Those this server shows; nil for no TLS.
    let shown: TLSServerContext?

    var hasSubject: Bool { !file.isEmpty || shown != nil }

    /// The one that ends first counts.
    func reading() -> CheckReading {
        var certificates = shown?.certificates ?? []
        if !file.isEmpty {
            do throws(TLSError) { certificates.append(try TLSCertificate(file: file)) } catch {
                return .failed("\(error)")
            }
        }
        guard let first = certificates.min(by: { $0.ends < $1.ends }) else { return .failed("there is no certificate") }
        let left = (Double(first.ends) - Date().timeIntervalSince1970) / 86_400
        return .measured([
            Measurement(
                StandardChecks.Value.daysLeft, left, unit: "days",
                message: left < 0 ? "the certificate in \(first.path) has ended" : nil)
        ])
    }
}
