extension MetricCatalogue {
    static let tlsConnections = MetricDescription(
        "gameserver_tls_connections", .gauge, "Connections with TLS open now.")
    static let tlsHandshakes = MetricDescription(
        "gameserver_tls_handshakes_total", .counter, "TLS handshakes, by what they came to.",
        labels: [.of(TLSHandshakeLabel.self)])
    static let tlsHandshaking = MetricDescription(
        "gameserver_tls_handshakes_in_progress", .gauge, "TLS handshakes under way.")
    static let tlsReloads = MetricDescription(
        "gameserver_tls_reloads_total", .counter, "Times the certificates were read again, by what came of it.",
        labels: [.of(TLSReloadLabel.self)])

    static let tlsRows = [tlsConnections, tlsHandshakes, tlsHandshaking, tlsReloads]
}

/// What a TLS handshake came to: secured with a new session or a resumed one, or why it failed.
public enum TLSHandshakeLabel: Int, MetricLabel {
    case full, resumed
    case timeout, gone, http, version, noSharedCipher, alert, certificate, `protocol`
    public static var labelName: String { "result" }
}

public enum TLSReloadLabel: Int, MetricLabel {
    case loaded, failed
    public static var labelName: String { "result" }
}
