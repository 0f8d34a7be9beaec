import Observability
import WebSocket

/// The tokens of the roles, as digests.
struct AdminTokens: Sendable {
    private struct Entry: Sendable {
        let digest: Digest
        let requester: Requester
    }

    private let entries: [Entry]

    /// What a request's `Authorization` says.
    enum Verdict: Equatable {
        /// There is none.
        case absent
        /// There is one, and it opens nothing.
        case wrong
        case known(Requester)
    }

    /// - Throws: `AdminTokenError.equal`: one token cannot mean two roles.
    init(administrator: Secret, operator: Secret? = nil, viewer: Secret? = nil) throws(AdminTokenError) {
        var entries: [Entry] = []
        for (role, secret) in [(OperatorRole.administrator, administrator), (.operator, `operator`), (.viewer, viewer)]
        {
            guard let secret else { continue }
            let digest = Digest(of: Array(secret.reveal().utf8))
            if let other = entries.first(where: { $0.digest == digest }) {
                throw .equal(Self.key(of: other.requester.role), Self.key(of: role))
            }
            let fingerprint = String(digest.description.prefix(8))
            entries.append(Entry(digest: digest, requester: Requester(role: role, fingerprint: fingerprint)))
        }
        self.entries = entries
    }

    /// Every token is compared, each in constant time, so how long it takes tells nothing.
    func verdict(on token: String) -> Verdict {
        let digest = Digest(of: Array(token.utf8))
        var found = Verdict.wrong
        for entry in entries where digest.matches(entry.digest) { found = .known(entry.requester) }
        return found
    }

    /// - Source: RFC 6750 §2.1.
    func verdict(on request: Request) -> Verdict {
        guard let field = request.headers["Authorization"] else { return .absent }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .wrong }
        return verdict(on: String(parts[1]))
    }

    private static func key(of role: OperatorRole) -> String {
        switch role {
        case .administrator: "admin.token"
        case .operator: "admin.operator_token"
        case .viewer: "admin.viewer_token"
        }
    }
}
