import COpenSSL
import Glibc

/// A certificate as it is served.
public struct TLSCertificate: Equatable, Sendable {
    /// The file it was read from.
    public var path: String
    /// The names it is for, in lower case; `*.` in front stands for one label.
    public var names: [String]
    /// Unix time in seconds.
    public var begins: Int64
    /// Unix time in seconds.
    public var ends: Int64

    /// Reads the first certificate of a PEM file.
    ///
    /// - Throws: `TLSError.unreadable` and `.noCertificate`.
    public init(file path: String) throws(TLSError) {
        guard let file = BIO_new_file(path, "r") else { throw .unreadable(path: path, SystemError("open")) }
        defer { BIO_free(file) }
        guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else { throw .noCertificate(path: path) }
        defer { X509_free(certificate) }
        self.init(path: path, certificate)
    }

    /// - Parameter certificate: an X509.
    init(path: String, _ certificate: OpaquePointer) {
        self.path = path
        names = Self.names(of: certificate)
        begins = Self.unixSeconds(X509_get0_notBefore(certificate))
        ends = Self.unixSeconds(X509_get0_notAfter(certificate))
    }

    /// - Throws: when it is not valid at this time.
    func check(at now: Int64) throws(TLSError) {
        if now < begins { throw .begins(path: path, at: begins) }
        if now >= ends { throw .ended(path: path, at: ends) }
    }

    /// - Source: RFC 5280 §4.2.1.6.
    private static func names(of certificate: OpaquePointer) -> [String] {
        guard let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(list)
        defer { GENERAL_NAMES_free(names) }
        return (0..<max(0, OPENSSL_sk_num(names))).compactMap { index in
            guard let name = OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self) else {
                return nil
            }
            var kind: Int32 = 0
            guard let value = GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS else { return nil }
            let text = value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            return String(decoding: bytes, as: UTF8.self).lowercased()
        }
    }

    private static func unixSeconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        // A certificate that does not say it has always ended.
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }
}
