import COpenSSL
import Glibc
import Synchronization

/// What a server is to show of itself.
public struct TLSServerSettings: Equatable, Sendable {
    /// PEM file: the server's certificate first, then those that lead to a root.
    public var certificate: String
    /// PEM file with its private key.
    public var key: String
    /// Folder with a folder for each further certificate, which holds `fullchain.pem` and `privkey.pem`; nil for none.
    public var directory: String?
    public var minimumVersion = TLSVersion.tls12
    /// How long a client may resume a session; zero for not at all.
    public var ticketLifetime = Duration.seconds(12 * 3600)

    public init(certificate: String, key: String, directory: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.directory = directory
    }
}

public enum TLSVersion: String, CaseIterable, Sendable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}

/// TLS as a server speaks it, with certificates that can be read again while it runs. Any thread may use it.
///
/// A connection keeps the certificates it began with; a reload counts from the next connection on.
public final class TLSServerContext: Sendable {
    /// Most certificates of the folder.
    static let maxCertificates = 1000

    private struct Loaded {
        var context: TLSContext
        var certificates: [TLSCertificate]
    }

    private let settings: TLSServerSettings
    /// They outlive a reload, and so do the sessions of clients.
    private let tickets: TicketKeys?
    private let loaded: Mutex<Loaded>

    /// - Throws: what is wrong with the files.
    public init(_ settings: TLSServerSettings) throws(TLSError) {
        self.settings = settings
        tickets = settings.ticketLifetime > .zero ? TicketKeys(lifetime: settings.ticketLifetime) : nil
        loaded = Mutex(try Self.load(settings, tickets))
    }

    /// The certificates served now; the first is for clients that name nobody, or somebody unknown.
    public var certificates: [TLSCertificate] { loaded.withLock { $0.certificates } }

    /// Reads the files again.
    ///
    /// - Returns: what is served from now on.
    /// - Throws: what is wrong with them; what was served is served on.
    @discardableResult
    public func reload() throws(TLSError) -> [TLSCertificate] {
        let next = try Self.load(settings, tickets)
        loaded.withLock { $0 = next }
        return next.certificates
    }

    /// - Returns: a session that waits for a client; nil when there is no memory.
    func makeSession() -> OpaquePointer? {
        let context = loaded.withLock { $0.context }
        guard let session = withExtendedLifetime(context, { SSL_new(context.pointer) }) else { return nil }
        SSL_set_accept_state(session)
        return session
    }

    // MARK: Loading

    private static func load(_ settings: TLSServerSettings, _ tickets: TicketKeys?) throws(TLSError) -> Loaded {
        let now = Int64(time(nil))
        var certificates: [TLSCertificate] = []
        /// For each name the context of the certificate that ends last.
        var names: [String: (context: TLSContext, ends: Int64)] = [:]
        for place in try folders(in: settings.directory) {
            let context = try makeContext(settings)
            let found = try context.use(certificate: place + "/fullchain.pem", key: place + "/privkey.pem")
            try found.check(at: now)
            ServerCompanion(tickets: tickets).join(context.pointer)
            for name in found.names where names[name].map({ $0.ends < found.ends }) ?? true {
                names[name] = (context, found.ends)
            }
            certificates.append(found)
        }
        let first = try makeContext(settings)
        let own = try first.use(certificate: settings.certificate, key: settings.key)
        try own.check(at: now)
        var table = names.mapValues { TLSContext?($0.context) }
        for name in own.names where names[name].map({ $0.ends <= own.ends }) ?? true {
            table.updateValue(nil, forKey: name)
        }
        ServerCompanion(tickets: tickets, names: table).join(first.pointer)
        copenssl_set_server_name_callback(
            first.pointer, { session, _, _ in ServerCompanion.chooseCertificate(session) }, nil)
        return Loaded(context: first, certificates: [own] + certificates)
    }

    private static func makeContext(_ settings: TLSServerSettings) throws(TLSError) -> TLSContext {
        let context = try TLSContext(TLS_server_method())
        let pointer = context.pointer
        copenssl_set_min_version(pointer, settings.minimumVersion.number)
        // A session is kept by the client alone. The same name for all contexts, so that a session is resumed by
        // whichever of them the client's is.
        SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        SSL_CTX_set_session_id_context(pointer, sessionContext, UInt32(sessionContext.count))
        let seconds = Int(settings.ticketLifetime.components.seconds)
        if seconds > 0 {
            SSL_CTX_set_timeout(pointer, seconds)
            SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer) { session, name, vector, cipher, mac, encrypts in
                ServerCompanion.prepareTicket(session, name, vector, cipher, mac, encrypts != 0)
            }
        } else {
            SSL_CTX_set_options(pointer, copenssl_op_no_ticket())
            SSL_CTX_set_num_tickets(pointer, 0)
        }
        SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, chosen, length, offered, count, _ in ServerCompanion.chooseProtocol(chosen, length, offered, count) },
            nil)
        return context
    }

    private static let sessionContext = Array("gameserver".utf8)

    /// The folders of certificates in order of their names.
    private static func folders(in directory: String?) throws(TLSError) -> [String] {
        guard let directory else { return [] }
        guard let handle = opendir(directory) else { throw .unreadable(path: directory, SystemError("opendir")) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            let place = directory + "/" + name
            guard !name.hasPrefix("."), access(place + "/fullchain.pem", F_OK) == 0 else { continue }
            names.append(place)
            guard names.count <= maxCertificates else {
                throw .tooManyCertificates(path: directory, limit: maxCertificates)
            }
        }
        return names.sorted()
    }
}
