import COpenSSL
import Foundation
import Observability

/// A certificate in a PEM file, whose end is watched.
struct CertificateFile: Sendable {
    private let path: String

    init(_ path: String) { self.path = path }

    func reading() -> CheckReading {
        guard let file = BIO_new_file(path, "r") else { return .failed("\(path) cannot be read") }
        defer { BIO_free(file) }
        guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else {
            return .failed("\(path) holds no certificate")
        }
        defer { X509_free(certificate) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else {
            return .failed("\(path) does not say when it ends")
        }
        let left = Double(days) + Double(seconds) / 86_400
        return .measured([
            Measurement(
                StandardChecks.Value.daysLeft, left, unit: "days",
                message: left < 0 ? "the certificate has ended" : nil)
        ])
    }
}
