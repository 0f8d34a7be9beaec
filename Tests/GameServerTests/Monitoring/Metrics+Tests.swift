import Observability

extension Observability.Metrics {
    /// Fresh instruments that read nothing of the machine.
    static func forTests(
        plugins: [String] = [], middleware: [String] = [], domain: DomainMetrics = .none
    ) -> Observability.Metrics {
        Observability.Metrics(
            process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }), plugins: plugins,
            middleware: middleware, domain: domain, resources: nil)
    }
}
