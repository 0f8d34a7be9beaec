/// Finds the route a request means.
struct RouteTable: Sendable {
    enum Match: Sendable {
        /// - Parameter captured: the path's parameters in the order of the template.
        case route(Route, captured: [String])
        /// The path exists, the method does not.
        case otherMethods([String])
        case nothing
    }

    private struct Pattern: Sendable {
        let segments: [Substring]
        let routes: [Route]
    }

    let routes: [Route]
    private let fixed: [String: [Route]]
    private let patterns: [Int: [Pattern]]

    init(_ routes: [Route]) {
        self.routes = routes
        var byTemplate: [String: [Route]] = [:]
        for route in routes {
            for template in route.templates { byTemplate[template, default: []].append(route) }
        }
        fixed = byTemplate.filter { !$0.key.contains("{") }
        var patterns: [Int: [Pattern]] = [:]
        for (template, routes) in byTemplate where template.contains("{") {
            let pattern = Pattern(segments: Self.segments(template), routes: routes)
            patterns[pattern.segments.count, default: []].append(pattern)
        }
        self.patterns = patterns
    }

    /// - Parameters:
    ///   - method: HEAD is GET without the body.
    ///   - path: percent-decoded.
    func match(_ method: String, _ path: String) -> Match {
        var found = fixed[path]
        var captured: [String] = []
        if found == nil {
            let segments = Self.segments(path)
            for pattern in patterns[segments.count] ?? [] {
                guard let values = Self.capture(pattern.segments, segments) else { continue }
                (found, captured) = (pattern.routes, values)
                break
            }
        }
        guard let found else { return .nothing }
        let wanted = method == "HEAD" ? "GET" : method
        if let route = found.first(where: { $0.method.rawValue == wanted }) { return .route(route, captured: captured) }
        return .otherMethods(found.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] })
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func capture(_ pattern: [Substring], _ segments: [Substring]) -> [String]? {
        var values: [String] = []
        for (expected, given) in zip(pattern, segments) {
            if expected.hasPrefix("{") {
                guard !given.isEmpty else { return nil }
                values.append(String(given))
            } else if expected != given {
                return nil
            }
        }
        return values
    }
}
