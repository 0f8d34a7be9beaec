import WebSocket

/// Every path the listener answers: the socket, the pages, and what operators read. Lives on the loop.
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
        if request.path == AdminRoutes.socketLabel { return sockets.open(request, exchange) }
        let inquiry = admin.inquiry(request, exchange)
        if let response = files.response(to: request, id: inquiry.id) {
            inquiry.label = AdminRoutes.filesLabel
            return inquiry.answer(response)
        }
        admin.receive(inquiry)
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
            case 429: "rate_limited"
            case 431: "headers_too_large"
            case 501: "not_implemented"
            case 503: "overloaded"
            case 505: "version_not_supported"
            case 500...: "internal"
            default: "bad_request"
            }
        return .problem(status, code, reason)
    }
}
