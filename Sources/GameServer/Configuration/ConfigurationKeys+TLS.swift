extension ConfigurationKey {
    /// The most that a session may be resumed after.
    ///
    /// - Source: RFC 8446 §4.6.1.
    private static let weekMs = 7 * 86_400_000

    static let tls: [ConfigurationKey] = [
        .text(
            "tls", "cert", \.tls.cert, 0...4096, flag: "--tls-cert",
            "Certificate in PEM, with those that lead to a root behind it; it opens the TLS port. Empty for no TLS."),
        .text(
            "tls", "key", \.tls.key, 0...4096, flag: "--tls-key",
            "The certificate's private key in PEM, without a passphrase."),
        .text(
            "tls", "directory", \.tls.directory, 0...4096,
            "Folder of folders with `fullchain.pem` and `privkey.pem`: certificates for other names; empty for none."),
        .text("tls", "host", \.tls.host, 0...255, "Address to listen on with TLS; empty for that of `server.host`."),
        .integer(
            "tls", "port", \.tls.port, 0...65_535, flag: "--tls-port",
            "Port to listen on with TLS, beside the one without; 0 takes a free one."),
        .boolean(
            "tls", "proxy_protocol", \.tls.proxyProtocol,
            "Whether trusted proxies, which pass TLS on, begin with a PROXY header on `tls.port`."),
        .choice(
            "tls", "minimum_version", \.tls.minimumVersion, "The oldest version of TLS that is spoken."),
        .integer(
            "tls", "handshake_ms", \.tls.handshakeMs, 10...600_000,
            "How long a client has to agree on TLS; then it is cut."),
        .integer(
            "tls", "max_handshakes", \.tls.maxHandshakes, 1...1_000_000,
            "Handshakes under way at once; who comes then waits until one has ended. Above http.connections_per_address: "
                + "then nobody holds them all."),
        .integer(
            "tls", "ticket_ms", \.tls.ticketMs, 0...weekMs,
            "How long a client may resume its session; 0 for not at all. A new key is made as often."),
    ]
}
