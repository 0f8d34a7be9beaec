import WebSocket

extension WebSocket.Limits {
    /// As a server is configured.
    init(_ configuration: Configuration) {
        self.init()
        let (limits, http) = (configuration.limits, configuration.http)
        maxMessageBytes = limits.socketMessageBytes
        messageMilliseconds = limits.messageMs
        maxFragmentsPerMessage = limits.fragments
        maxControlFramesPerSecond = limits.controlFramesPerS
        maxOutboxBytes = configuration.slow.outboxBytes
        backlogBytes = configuration.slow.laggingBytes
        let slow = configuration.slow
        kernelSendBufferBytes = slow.kernelSendBytes > 0 ? slow.kernelSendBytes : nil
        kernelReceiveBufferBytes = slow.kernelReceiveBytes > 0 ? slow.kernelReceiveBytes : nil
        maxConnections = DescriptorLimit.connections(wanted: http.maxConnections)
        maxConnectionsPerAddress = http.connectionsPerAddress
        maxOpensPerSecond = http.opensPerS
        maxOpensPerAddressPerSecond = http.opensPerAddressPerS
        maxBodyBytes = http.bodyBytes
        requestMilliseconds = http.headerMs
        keepAliveMilliseconds = http.keepAliveMs
        proxyHeaderMilliseconds = http.proxyHeaderMs
        responseStallMilliseconds = http.responseStallMs
        responseMilliseconds = http.responseMs
        closeMilliseconds = http.closeMs
        handshakeMilliseconds = configuration.tls.handshakeMs
        maxHandshakes = configuration.tls.maxHandshakes
    }
}

extension ListenOptions {
    /// As a server is configured.
    init(_ configuration: Configuration) {
        self.init()
        sharesPort = configuration.server.reusePort
        // Its cases are octal numbers.
        fileMode = UInt32(configuration.server.socketMode.rawValue, radix: 8) ?? fileMode
    }
}

extension Configuration {
    /// Where to listen with TLS: the one address, or the sockets that were handed over instead.
    func secureAddresses(inherited: [Int32]) -> [ListenAddress] {
        // The setting's range is the port's.
        let own = ListenAddress.Place.port(UInt16(tls.port), host: tls.host.isEmpty ? server.host : tls.host)
        let places = inherited.isEmpty ? [own] : inherited.map { .inherited($0) }
        return places.map { ListenAddress($0, expectsProxyHeader: tls.proxyProtocol) }
    }

    /// Where to listen: the one address, or the sockets that were handed over instead, and what is listed besides.
    func listenAddresses(inherited: [Int32]) -> [ListenAddress] {
        // The setting's range is the port's.
        let own = ListenAddress(.port(UInt16(server.port), host: server.host), expectsProxyHeader: server.proxyProtocol)
        let handed = inherited.map { ListenAddress(.inherited($0), expectsProxyHeader: server.proxyProtocol) }
        return (handed.isEmpty ? [own] : handed)
            + ConfigurationKey.listed(server.listen).compactMap { ListenAddress($0) }
    }
}
