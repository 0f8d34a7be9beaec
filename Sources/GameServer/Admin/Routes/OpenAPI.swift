import PluginAPI

/// The table of routes as an OpenAPI document.
///
/// - Source: OpenAPI 3.1.0.
enum OpenAPI {
    static func document(_ table: RouteTable, version: String) -> JSON {
        var paths: [JSON.Member] = []
        for route in table.routes where !paths.contains(where: { $0.key == route.path }) {
            let operations = table.routes.filter { $0.path == route.path }
            var item = operations.map { JSON.Member($0.method.rawValue.lowercased(), operation($0)) }
            let others = route.templates.dropFirst().map(JSON.string)
            if !others.isEmpty { item.append(.init("x-aliases", .array(others))) }
            paths.append(.init(route.path, .object(item)))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "GameServer", "version": .string(version),
                "description":
                    "What operators and probes ask. Every path answers with and without /api; HEAD is GET without the body. Unknown query parameters are ignored by what only reads, and answered 400 by what changes something.",
                "license": ["name": "see LICENSE"],
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token of a role: viewer, operator or administrator.",
                    ]
                ],
                "schemas": .object(AdminSchemas.all.map { JSON.Member($0.name, $0.schema.json) }),
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: [JSON.Member] = [
            .init("operationId", .string(route.endpoint.rawValue)), .init("summary", .string(route.summary)),
            .init("security", security(route)),
        ]
        switch route.access {
        case .everybody: break
        case .role(let role): operation.append(.init("x-least-role", .string(role.rawValue)))
        case .metrics: operation.append(.init("x-least-role", .string(OperatorRole.viewer.rawValue)))
        }
        let parameters = route.pathParameters.map(parameter) + route.query.map(parameter)
        if !parameters.isEmpty { operation.append(.init("parameters", .array(parameters))) }
        if let body = route.body {
            operation.append(
                .init(
                    "requestBody",
                    [
                        "required": .bool(body.isRequired),
                        "content": ["application/json": ["schema": body.schema.json]],
                    ]))
        }
        operation.append(.init("responses", responses(route)))
        return .object(operation)
    }

    private static func security(_ route: Route) -> JSON {
        switch route.access {
        case .everybody: []
        case .role: [["token": []]]
        case .metrics: [["token": []], [:]]
        }
    }

    private static func parameter(_ name: String) -> JSON {
        let schema: JSON =
            switch name {
            case "id": ["type": "string", "pattern": .string(Route.roomPattern)]
            case "since": ["type": "integer", "minimum": 0, "maximum": .integer(Int64(Route.largest))]
            default: ["type": "string"]
            }
        return ["name": .string(name), "in": "path", "required": true, "schema": schema]
    }

    private static func parameter(_ parameter: QueryParameter) -> JSON {
        [
            "name": .string(parameter.name), "in": "query", "required": .bool(parameter.isRequired),
            "description": .string(parameter.help), "schema": parameter.schema,
        ]
    }

    // MARK: Answers

    private static func responses(_ route: Route) -> JSON {
        var byStatus: [(status: Int, description: String, content: [JSON.Member])] = []
        func add(_ status: Int, _ description: String, _ type: String?, _ schema: JSON?) {
            let content = type.map { [JSON.Member($0, schema.map { ["schema": $0] } ?? [:])] } ?? []
            guard let place = byStatus.firstIndex(where: { $0.status == status }) else {
                return byStatus.append((status, description, content))
            }
            for member in content {
                if let known = byStatus[place].content.firstIndex(where: { $0.key == member.key }) {
                    let both: JSON = [
                        "schema": [
                            "anyOf": .array([byStatus[place].content[known], member].compactMap { $0.value["schema"] })
                        ]
                    ]
                    byStatus[place].content[known] = .init(member.key, both)
                } else {
                    byStatus[place].content.append(member)
                }
            }
        }
        for answer in route.answers {
            let type = answer.status == 101 ? nil : answer.type
            add(answer.status, description(of: answer.status), type, answer.schema?.json)
        }
        for refusal in refusals(of: route) {
            add(refusal.status, refusal.meaning, "application/json", Schema.named("Error").json)
        }
        return .object(
            byStatus.sorted { $0.status < $1.status }.map { response in
                var fields: [JSON.Member] = [
                    .init("description", .string(response.description)), .init("headers", headers(route)),
                ]
                if !response.content.isEmpty { fields.append(.init("content", .object(response.content))) }
                return JSON.Member(String(response.status), .object(fields))
            })
    }

    private static func description(of status: Int) -> String {
        switch status {
        case 101: "It is a WebSocket now."
        case 201: "Made."
        case 503: "The same, and it is not well."
        default: "As asked."
        }
    }

    /// Every refusal the route's own form implies, and those only it has.
    static func refusals(of route: Route) -> [(status: Int, meaning: String)] {
        var all: [(status: Int, meaning: String)] = [
            (400, "The request is malformed, or a parameter is not what it should be; the message names it.")
        ]
        if route.access != .everybody {
            all.append((401, "No token, or one that opens nothing."))
            all.append((403, "The token's role is too small."))
        }
        all += route.refusals.map { ($0.status, $0.meaning + ".") }
        if route.method != .get {
            all.append((413, "The body is too long."))
            all.append((415, "The body is not JSON."))
        }
        if route.isLimited { all.append((429, "Too many requests; Retry-After says when to come back.")) }
        if route.isLimited, route.endpoint != .health {
            all.append((500, "The server made a mistake."))
            all.append((501, "This server has no such part."))
            all.append((503, "It cannot be answered now; asking again may help."))
        }
        return all
    }

    private static func headers(_ route: Route) -> JSON {
        var fields: [JSON.Member] = [
            .init("X-Request-Id", ["schema": ["type": "string"], "description": "The id of this request in the log."])
        ]
        guard route.isLimited else { return .object(fields) }
        for name in ["Limit", "Remaining", "Reset", "Window"] {
            fields.append(.init("X-RateLimit-\(name)", ["schema": ["type": "integer"]]))
        }
        return .object(fields)
    }
}
