import WebSocket

/// Every path the listener answers: the socket, the pages, and what operators read.
final class HTTPSurface: RequestHandler {
    private let sockets: SocketEndpoint
    private let admin: AdminSurface
    private let files: StaticFiles

    init(sockets: SocketEndpoint, admin: AdminSurface, files: StaticFiles) {
        self.sockets = sockets
        self.admin = admin
        self.files = files
    }

    func handle(_ request: Request, _ exchange: Exchange) {
        if request.path == "/ws" { return sockets.open(request, exchange) }
        if let response = files.response(to: request) { return exchange.respond(response) }
        guard let route = AdminRoute(path: request.path) else {
            return exchange.respond(.problem(404, "not_found", "there is nothing at this path"))
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return exchange.respond(
                .problem(
                    405, "method_not_allowed", "\(request.method.prefix(20)): GET and HEAD only",
                    [("Allow", "GET, HEAD")]))
        }
        admin.answer(route, request, exchange)
    }
}

extension HTTPSurface {
    /// Below the handler as above it: every error is JSON.
    func refused(status: Int, reason: String) -> Response {
        let code =
            switch status {
            case 405: "method_not_allowed"
            case 408: "request_timeout"
            case 413: "body_too_large"
            case 414: "target_too_long"
            case 417: "expectation_failed"
            case 426: "upgrade_required"
            case 431: "headers_too_large"
            case 501: "not_implemented"
            case 505: "version_not_supported"
            case 500...: "internal"
            default: "bad_request"
            }
        return .problem(status, code, reason)
    }
}

/// What operators and probes can ask for. A path answers with and without `/api` before it.
enum AdminRoute: Equatable {
    case health, live, ready, started
    case metrics
    case rooms
    case room(String)
    case events(String, since: String?)
    case state(String)

    init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        if parts.first == "api" { parts.removeFirst() }
        switch parts {
        case ["health"]: self = .health
        case ["livez"]: self = .live
        case ["readyz"]: self = .ready
        case ["startupz"]: self = .started
        case ["metrics"], ["health", "metrics"]: self = .metrics
        case ["rooms"]: self = .rooms
        default:
            guard parts.count >= 2, parts[0] == "rooms", !parts[1].isEmpty else { return nil }
            switch Array(parts.dropFirst(2)) {
            case []: self = .room(parts[1])
            case ["events"]: self = .events(parts[1], since: nil)
            case ["state"]: self = .state(parts[1])
            case let rest where rest.count == 2 && rest[0] == "events": self = .events(parts[1], since: rest[1])
            default: return nil
            }
        }
    }

    /// Whether anybody may ask, without a token.
    func isOpen(metricsArePublic: Bool) -> Bool {
        switch self {
        case .health, .live, .ready, .started: true
        case .metrics: metricsArePublic
        case .rooms, .room, .events, .state: false
        }
    }
}
