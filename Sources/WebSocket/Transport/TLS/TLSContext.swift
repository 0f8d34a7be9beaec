import COpenSSL
import Glibc

/// A context of OpenSSL, freed with this object.
///
/// Unchecked because OpenSSL counts its references atomically and locks what it changes in it; we change nothing once
/// it is made.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Throws: `TLSError.unavailable`.
    init(_ method: OpaquePointer) throws(TLSError) {
        guard let context = SSL_CTX_new(method) else { throw .unavailable(reason: TLSError.reason()) }
        pointer = context
        // So that an idle connection has no buffers.
        SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
        SSL_CTX_set_options(context, copenssl_op_no_compression() | copenssl_op_no_renegotiation())
        guard SSL_CTX_set_cipher_list(context, Self.ciphers) == 1 else {
            throw .unavailable(reason: TLSError.reason())
        }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// What TLS 1.2 may use: keys of which nothing is left afterwards, and encryption that notices changes. TLS 1.3 has
    /// nothing else.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// Has the context serve a certificate.
    ///
    /// - Parameters:
    ///   - certificate: PEM file, the server's own first, then those that lead to a root.
    ///   - key: PEM file with the private key, without a passphrase.
    func use(certificate: String, key: String) throws(TLSError) -> TLSCertificate {
        ERR_clear_error()
        try Self.checkReadable(certificate)
        guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1,
            let leaf = SSL_CTX_get0_certificate(pointer)
        else {
            if Self.isNoPEM { throw .noCertificate(path: certificate) }
            throw .refused(path: certificate, reason: TLSError.reason())
        }
        try Self.checkReadable(key)
        guard let file = BIO_new_file(key, "r") else { throw .unreadable(path: key, SystemError("open")) }
        defer { BIO_free(file) }
        // Nobody is there to be asked for a passphrase.
        guard let privateKey = PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in 0 }, nil) else {
            throw .noKey(path: key)
        }
        defer { EVP_PKEY_free(privateKey) }
        guard X509_check_private_key(leaf, privateKey) == 1 else {
            throw .otherKey(path: key, certificate: certificate)
        }
        guard SSL_CTX_use_PrivateKey(pointer, privateKey) == 1 else {
            throw .refused(path: key, reason: TLSError.reason())
        }
        return TLSCertificate(path: certificate, leaf)
    }

    private static var isNoPEM: Bool {
        let code = ERR_peek_error()
        return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
    }

    private static func checkReadable(_ path: String) throws(TLSError) {
        guard access(path, R_OK) == 0 else { throw .unreadable(path: path, SystemError("open")) }
    }
}
