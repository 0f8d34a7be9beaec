import COpenSSL
import Glibc

/// TLS as a client speaks it: the server has to show a certificate for the name that was asked for, from an authority
/// that is trusted. Any thread may use it.
public final class TLSClientContext: Sendable {
    private let context: TLSContext
    private let verifies: Bool

    /// - Parameters:
    ///   - authorities: PEM file of those whose certificates are believed; nil for the system's.
    ///   - verifies: false takes whatever the server shows, which is right for tests of one's own only.
    /// - Throws: what is wrong with the file.
    public init(authorities: String? = nil, verifies: Bool = true) throws(TLSError) {
        self.verifies = verifies
        context = try TLSContext(TLS_client_method())
        copenssl_set_min_version(context.pointer, TLS1_2_VERSION)
        SSL_CTX_set_verify(context.pointer, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        // The RFC's form: each name with its length in front.
        let offer = [UInt8(8)] + Array("http/1.1".utf8)
        SSL_CTX_set_alpn_protos(context.pointer, offer, UInt32(offer.count))
        guard let authorities else {
            SSL_CTX_set_default_verify_paths(context.pointer)
            return
        }
        guard access(authorities, R_OK) == 0 else { throw .unreadable(path: authorities, SystemError("open")) }
        guard SSL_CTX_load_verify_locations(context.pointer, authorities, nil) == 1 else {
            throw .noCertificate(path: authorities)
        }
    }

    /// - Parameter host: name or address of the server.
    /// - Returns: a session that speaks first; nil when there is no memory.
    func makeSession(to host: String) -> OpaquePointer? {
        guard let session = withExtendedLifetime(context, { SSL_new(context.pointer) }) else { return nil }
        SSL_set_connect_state(session)
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
        // An address is no name that could be asked for: RFC 6066 §3.
        if !isAddress, SSL_set1_host(session, host) != 1 || copenssl_set_server_name(session, host) != 1 {
            SSL_free(session)
            return nil
        }
        return session
    }
}
