import COpenSSL
import Foundation

/// A certificate and its key in PEM files, made for one test.
public struct TestCertificate {
    public let certificate: String
    public let key: String
    private let pair: Pair

    private final class Pair {
        let certificate: OpaquePointer
        let key: OpaquePointer
        init(certificate: OpaquePointer, key: OpaquePointer) {
            self.certificate = certificate
            self.key = key
        }
        deinit {
            X509_free(certificate)
            EVP_PKEY_free(key)
        }
    }

    public enum Failure: Error { case openssl }

    /// - Parameters:
    ///   - directory: made if it is not there; gets `fullchain.pem` and `privkey.pem`.
    ///   - names: the first is also its common name.
    ///   - issuer: who signs it; nil for itself.
    ///   - days: from now, in which it is valid.
    public init(
        in directory: String, names: [String], issuer: TestCertificate? = nil, isAuthority: Bool = false,
        days: ClosedRange<Int> = 0...30
    ) throws {
        guard let key = Self.makeKey(), let made = X509_new() else { throw Failure.openssl }
        let pair = Pair(certificate: made, key: key)
        self.pair = pair
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1...Int(Int32.max)))
        // An hour of slack for a start that is today.
        X509_gmtime_adj(X509_getm_notBefore(made), days.lowerBound * 86_400 - 3600)
        X509_gmtime_adj(X509_getm_notAfter(made), days.upperBound * 86_400)
        let subject = X509_get_subject_name(made)
        let name = Array((names.first ?? "").utf8)
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name, Int32(name.count), -1, 0)
        X509_set_issuer_name(made, X509_get_subject_name(issuer?.pair.certificate ?? made))
        X509_set_pubkey(made, key)
        if isAuthority { try Self.add(NID_basic_constraints, "critical,CA:TRUE", to: made) }
        let alternatives = names.map { ($0.first?.isNumber == true ? "IP:" : "DNS:") + $0 }
        if !names.isEmpty { try Self.add(NID_subject_alt_name, alternatives.joined(separator: ","), to: made) }
        guard X509_sign(made, issuer?.pair.key ?? key, EVP_sha256()) > 0 else { throw Failure.openssl }

        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        certificate = directory + "/fullchain.pem"
        self.key = directory + "/privkey.pem"
        try Self.write(certificate) { PEM_write_bio_X509($0, made) }
        try Self.write(self.key) { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    private static func makeKey() -> OpaquePointer? {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
        var key: OpaquePointer?
        return EVP_PKEY_generate(context, &key) == 1 ? key : nil
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) throws {
        guard let made = X509V3_EXT_conf_nid(nil, nil, kind, value) else { throw Failure.openssl }
        defer { X509_EXTENSION_free(made) }
        X509_add_ext(certificate, made, -1)
    }

    private static func write(_ path: String, _ body: (OpaquePointer?) -> Int32) throws {
        guard let file = BIO_new_file(path, "w") else { throw Failure.openssl }
        defer { BIO_free(file) }
        guard body(file) == 1 else { throw Failure.openssl }
    }
}
