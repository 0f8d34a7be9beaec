/// What a probe looks at, and what it says.
///
/// - Source: Kubernetes, "API health endpoints", for `verbose` and `exclude`.
struct Probe: Sendable {
    struct Check: Sendable, Equatable {
        let name: String
        /// Why it fails; nil when it does not.
        let failure: Failure?
    }

    struct Failure: Sendable, Equatable {
        /// As an error's code.
        let code: String
        let message: String
    }

    let checks: [Check]

    var failure: Failure? { checks.lazy.compactMap(\.failure).first }

    func excluding(_ names: [String]) -> Probe { Probe(checks: checks.filter { !names.contains($0.name) }) }

    /// A line for each check.
    func listing(of probe: String) -> String {
        let lines = checks.map { check in
            check.failure.map { "[-]\(check.name) failed: \($0.message)\n" } ?? "[+]\(check.name) ok\n"
        }
        return lines.joined() + "\(probe) check \(failure == nil ? "passed" : "failed")\n"
    }

    /// The closed set of names `exclude` takes.
    static func checks(of endpoint: Endpoint) -> [String] {
        switch endpoint {
        case .live: ["loop"]
        case .started: ["started"]
        case .ready: ["draining", "store", "protection"]
        default: []
        }
    }
}
