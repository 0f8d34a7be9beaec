import PluginAPI

/// Lets in only whom the operator wants: browsers from pages of the allowed origins.
///
/// - Source: RFC 6455 §10.2.
final class Authorization: Middleware {
    let name = "authorization"
    let interests: MiddlewareHooks = .accept

    private let origins: Set<String>

    init(_ kit: MiddlewareKit) {
        origins = Set(
            kit.configuration.http.allowedOrigins.split(separator: ",").map { $0.trimmed.lowercased() })
    }

    /// A client that is no browser sends no origin, and none could be demanded of it.
    func accept(_ visit: Visit) -> AcceptVerdict {
        guard !origins.isEmpty, let origin = visit.header("Origin") else { return .pass }
        guard origins.contains(origin.lowercased()) else {
            return .refuse(
                status: 403, code: "origin_not_allowed", message: "pages of this origin may not connect",
                reason: .origin)
        }
        return .pass
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " }
        return start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)]
    }
}
