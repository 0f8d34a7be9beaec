import Foundation
import PluginAPI
import Testing

@testable import GameServer

@Suite("Operations: the table of routes") struct RouteTableTests {
    private let table = AdminRoutes.table

    @Test func `every question has one route`() {
        #expect(table.routes.map(\.endpoint.rawValue).sorted() == Endpoint.allCases.map(\.rawValue).sorted())
    }

    @Test func `every template leads to its route, with and without api, and to no other`() {
        for route in table.routes {
            for template in route.templates {
                let path = template.replacing("{id}", with: "ZZZZZZZZ").replacing("{name}", with: "a")
                    .replacing("{since}", with: "7")
                guard case .route(let found, let captured) = table.match(route.method.rawValue, path) else {
                    Issue.record("\(path) leads nowhere")
                    continue
                }
                #expect(found.endpoint == route.endpoint && captured.count == route.pathParameters.count)
            }
        }
    }

    @Test(arguments: [
        "/health/detailed", "/recovery/status", "/rooms/ZZZZZZZZ/state", "/event-store/stats", "/health/metrics",
        "/api/health/metrics", "/api/metrics", "/system/stats", "/debug/room-stats", "/metrics/rooms",
        "/rate-limit/stats",
        "/api/v1/monitoring/websocket/stats", "/monitoring/websocket/health", "/api/monitoring/database/health",
        "/rooms/ZZZZZZZZ/events/0",
    ]) func `the names of the seeds are there`(path: String) {
        guard case .route = table.match("GET", path) else {
            Issue.record("\(path) leads nowhere")
            return
        }
    }

    @Test func `another method is told which there are`() {
        for (method, path, names) in [
            ("DELETE", "/api/logs/levels", ["GET", "HEAD", "PUT"]), ("GET", "/event-store/cleanup", ["POST"]),
            ("PUT", "/rooms/ZZZZZZZZ", ["GET", "HEAD"]),
        ] {
            guard case .otherMethods(let found) = table.match(method, path) else {
                Issue.record("\(method) \(path)")
                continue
            }
            #expect(found == names)
        }
    }

    @Test(arguments: ["", "/api", "/api/", "//health", "/health/", "/rooms/", "/rooms//events", "/api/api/health"])
    func `what is no route is none`(path: String) {
        guard case .nothing = table.match("GET", path) else {
            Issue.record("\(path) leads somewhere")
            return
        }
    }

    @Test func `labels are few, and none holds an id`() {
        #expect(Set(AdminRoutes.labels).count == AdminRoutes.labels.count && AdminRoutes.labels.count < 50)
    }

    @Test func `the table of the operations manual is the table of routes`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let manual = try String(contentsOf: root.appending(path: "docs/OPERATIONS.md"), encoding: .utf8)
        let holdsTable = manual.contains(table.markdown())
        #expect(holdsTable, "put this there:\n\(table.markdown())")
    }

    // MARK: OpenAPI

    private func operations() -> [(path: String, method: String, operation: JSON)] {
        let document = OpenAPI.document(table, version: "1")
        return (document["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).filter { ["get", "post", "put"].contains($0.key) }.map {
                (path.key, $0.key, $0.value)
            }
        }
    }

    @Test func `the description holds every route, its parameters, statuses and role, and nothing else`() throws {
        let operations = operations()
        #expect(operations.count == table.routes.count)
        for route in table.routes {
            let found = try #require(
                operations.first { $0.path == route.path && $0.method == route.method.rawValue.lowercased() }
            ).operation
            #expect(found["operationId"]?.string == route.endpoint.rawValue)
            let parameters = found["parameters"]?.elements?.compactMap { $0["name"]?.string } ?? []
            #expect(parameters == route.pathParameters + route.query.map(\.name))
            let statuses = Set((found["responses"]?.members ?? []).map(\.key))
            for answer in route.answers { #expect(statuses.contains("\(answer.status)")) }
            #expect(statuses.contains("401") == (route.access != .everybody))
            #expect(statuses.contains("429") == route.isLimited)
            #expect((found["requestBody"] != nil) == (route.body != nil))
        }
    }

    @Test func `every shape that is named is described`() {
        let names = Set(AdminSchemas.all.map(\.name))
        #expect(names.count == AdminSchemas.all.count)
        let text = String(decoding: OpenAPI.document(table, version: "1").encoded(), as: UTF8.self)
        for reference in text.matches(of: /#\/components\/schemas\/(\w+)/) {
            #expect(names.contains(String(reference.1)), "\(reference.1)")
        }
    }
}
