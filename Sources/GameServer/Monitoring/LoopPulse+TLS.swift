import Observability
import WebSocket

extension LoopPulse {
    /// Counts what TLS did on this loop since the last time.
    func publish(_ now: TLSCounters, since before: TLSCounters) {
        metrics.tlsConnections.add(now.open - before.open, by: writer)
        metrics.tlsHandshaking.add(now.inProgress - before.inProgress, by: writer)
        metrics.tlsHandshakes.add(now.full - before.full, .full, by: writer)
        metrics.tlsHandshakes.add(now.resumed - before.resumed, .resumed, by: writer)
        for failure in TLSFailure.allCases {
            metrics.tlsHandshakes.add(now[failure] - before[failure], TLSHandshakeLabel(failure), by: writer)
        }
    }
}

extension TLSHandshakeLabel {
    init(_ failure: TLSFailure) {
        self =
            switch failure {
            case .timeout: .timeout
            case .gone: .gone
            case .plainHTTP: .http
            case .version: .version
            case .noSharedCipher: .noSharedCipher
            case .refused: .alert
            case .certificate: .certificate
            case .malformed: .protocol
            }
    }
}
