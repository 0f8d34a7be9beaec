extension RouteTable {
    /// The table of docs/OPERATIONS.md, "Endpoints".
    func markdown() -> String {
        var text = "| Path | Who | What |\n|---|---|---|\n"
        for route in routes {
            let query = route.query.isEmpty ? "" : " `?" + route.query.map(\.name).joined(separator: "&") + "`"
            let method = route.method == .get ? "" : route.method.rawValue + " "
            text += "| `\(method)\(route.path)`\(query) | \(route.access.words) | \(route.summary) |\n"
        }
        return text
    }
}

extension Route.Access {
    fileprivate var words: String {
        switch self {
        case .everybody: "everybody"
        case .role(let role): role.rawValue
        case .metrics: "viewer, or everybody with `metrics.public`"
        }
    }
}
