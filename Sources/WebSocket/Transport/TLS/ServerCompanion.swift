import COpenSSL

/// What OpenSSL's callbacks of one context need. The context keeps it, and with it whatever sessions still use.
final class ServerCompanion: Sendable {
    private let tickets: TicketKeys?
    /// Which context has the certificate for a name; nil is the one that keeps this.
    private let names: [String: TLSContext?]

    init(tickets: TicketKeys?, names: [String: TLSContext?] = [:]) {
        self.tickets = tickets
        self.names = names
    }

    /// Where a context keeps its companion.
    private static let place: Int32 = copenssl_context_index { _, companion, _, _, _, _ in
        if let companion { Unmanaged<ServerCompanion>.fromOpaque(companion).release() }
    }

    func join(_ context: OpaquePointer) {
        SSL_CTX_set_ex_data(context, Self.place, Unmanaged.passRetained(self).toOpaque())
    }

    private static func of(_ session: OpaquePointer?) -> ServerCompanion? {
        guard let session, let found = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), place) else { return nil }
        return Unmanaged<ServerCompanion>.fromOpaque(found).takeUnretainedValue()
    }

    /// Chooses the certificate by the name the client asks for.
    ///
    /// - Source: RFC 6066 §3.
    static func chooseCertificate(_ session: OpaquePointer?) -> Int32 {
        guard let companion = of(session), let asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else {
            return SSL_TLSEXT_ERR_OK
        }
        if let context = companion.context(for: String(cString: asked)) { SSL_set_SSL_CTX(session, context.pointer) }
        return SSL_TLSEXT_ERR_OK
    }

    /// - Source: RFC 9525 §6.3.
    private func context(for name: String) -> TLSContext? {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if let exact = names[name] { return exact }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return names["*" + name[dot...]] ?? nil
    }

    static func prepareTicket(
        _ session: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ vector: UnsafeMutablePointer<UInt8>?,
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ encrypts: Bool
    ) -> Int32 {
        guard let tickets = of(session)?.tickets, let name, let vector else { return 0 }
        return tickets.prepare(
            encrypts ? .encrypt : .decrypt, name: name, vector: vector, cipher: cipher, mac: mac, at: .now())
    }

    private static let http = Array("http/1.1".utf8)

    /// HTTP/1.1, to whoever offers anything at all; a client that offers only others hears that at once.
    ///
    /// - Source: RFC 7301 §3.2.
    static func chooseProtocol(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?, _ count: UInt32
    ) -> Int32 {
        let offers = UnsafeBufferPointer(start: offered, count: Int(count))
        var start = 0
        while start < offers.count {
            let end = start + 1 + Int(offers[start])
            guard end <= offers.count else { break }
            if offers[(start + 1)..<end].elementsEqual(http) {
                chosen?.pointee = offered.map { $0 + start + 1 }
                length?.pointee = UInt8(http.count)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
