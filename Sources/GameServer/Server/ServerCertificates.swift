import Observability
import WebSocket

/// The certificates a server shows, and the one way to read them again. Any thread may use it.
struct ServerCertificates: Sendable {
    let context: TLSServerContext
    private let logger: Logger
    private let metrics: Observability.Metrics

    /// - Returns: nil when the configuration wants no TLS.
    /// - Throws: what is wrong with the files.
    init?(_ configuration: Configuration.TLS, _ logger: Logger, _ metrics: Observability.Metrics) throws(TLSError) {
        guard !configuration.cert.isEmpty else { return nil }
        context = try TLSServerContext(TLSServerSettings(configuration))
        self.logger = logger
        self.metrics = metrics
    }

    /// Reads the files again.
    ///
    /// - Parameter asker: who wanted it: `SIGHUP`, or the operator.
    /// - Throws: what is wrong with them; what was shown is shown on.
    @discardableResult
    func reload(by asker: String) throws(TLSError) -> [TLSCertificate] {
        do throws(TLSError) {
            let certificates = try context.reload()
            metrics.tlsReloads.add(1, .loaded)
            logger.log(
                .notice, .system, "certificates_loaded", "\(certificates.count) certificates were read again",
                [
                    "asked_by": .string(asker), "certificates": .integer(certificates.count),
                    "ends": .string(certificates.map(\.ends).min().map { UTCTime($0).description } ?? ""),
                ])
            return certificates
        } catch {
            metrics.tlsReloads.add(1, .failed)
            logger.log(
                .error, .system, "certificates_refused", "the certificates stay as they were: \(error)",
                ["asked_by": .string(asker)])
            throw error
        }
    }
}

extension TLSServerSettings {
    public init(_ configuration: Configuration.TLS) {
        self.init(
            certificate: configuration.cert, key: configuration.key,
            directory: configuration.directory.isEmpty ? nil : configuration.directory)
        minimumVersion = configuration.minimumVersion
        ticketLifetime = .milliseconds(configuration.ticketMs)
    }
}
