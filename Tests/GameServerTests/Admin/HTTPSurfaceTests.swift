import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: endpoints") struct HTTPSurfaceTests {
    @Test(arguments: [
        ("GET /ws", 426, "upgrade_required"), ("GET nowhere", 400, "bad_request"),
        ("GET /api%2Frooms", 400, "bad_request"), ("PUT /ws", 405, "method_not_allowed"),
        ("GET /\(String(repeating: "a", count: 9000))", 414, "target_too_long"),
        ("GET /api/rooms", 401, "unauthorized"), ("GET /nothing", 404, "not_found"),
        ("GET /api/recovery/trigger/x", 405, "method_not_allowed"), ("POST /livez", 405, "method_not_allowed"),
        ("GET /api/rooms//state", 404, "not_found"), ("GET /api/rooms/", 404, "not_found"),
    ]) func `every error is JSON, also one that no handler saw`(line: String, status: Int, code: String) throws {
        let surface = try Surface()
        let answer = try surface.ask(line)
        #expect(answer.status == status && answer.errorCode == code)
        #expect(answer.field("Content-Type") == "application/json")
        #expect(answer.json?["error"]?["request_id"]?.string == answer.field("X-Request-Id"))
        surface.stop()
    }

    @Test func `a handshake is timed when it opened a connection, and counted as refused when it was none`() throws {
        let surface = try Surface()
        defer { surface.stop() }
        let client = try RawClient(port: surface.loop.port)
        #expect(try client.open(path: "/ws").hasPrefix("HTTP/1.1 101"))
        #expect(surface.metrics.wsHandshakeSeconds.snapshot().count == 1)
        #expect(surface.metrics.wsConnectionsRejected.total == 0)
        let upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        for (fields, status) in [([], 426), (upgrade, 400), (upgrade + ["Sec-WebSocket-Protocol: chess"], 400)] {
            #expect(try surface.ask("GET /ws", fields: fields).status == status)
        }
        #expect(surface.metrics.wsHandshakeSeconds.snapshot().count == 1)
        #expect(surface.metrics.wsConnectionsRejected.value(.badRequest) == 3)
    }

    @Test func `a server that drains has started and is not ready`() throws {
        let surface = try Surface(isDraining: true)
        for (path, status) in [("/startupz", 200), ("/livez", 200), ("/readyz", 503), ("/api/startupz", 200)] {
            #expect(try surface.ask("GET \(path)").status == status)
        }
        let listing = try surface.ask("GET /readyz?verbose")
        #expect(listing.status == 503)
        #expect(
            listing.body
                == "[-]draining failed: the server is shutting down\n[+]store ok\n[+]protection ok\nreadyz check failed\n"
        )
        #expect(try surface.ask("GET /readyz?verbose&exclude=draining").status == 200)
        #expect(try surface.ask("GET /readyz?exclude=nothing").status == 400)
        surface.stop()
    }

    @Test func `who still waits when the server ends is told that it does`() throws {
        let surface = try Surface()
        surface.sources.holdScrapes()
        let client = try RawClient(port: surface.loop.port)
        try client.send("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer viewer\r\n\r\n")
        #expect(surface.sources.asked.next() == "scrape")
        surface.close()
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains(#""code":"draining""#), "\(answer)")
    }

    @Test func `who waits for other sources keeps nobody from asking about all rooms`() throws {
        let surface = try Surface()
        surface.sources.holdHealth()
        var clients: [RawClient] = []
        for _ in 0...RoomSurveys.maxAsking {
            let client = try RawClient(port: surface.loop.port)
            try client.send("GET /api/system/stats HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer viewer\r\n\r\n")
            #expect(surface.sources.asked.next() == "health")
            clients.append(client)
        }
        #expect(try surface.ask("GET /api/metrics/rooms", as: "viewer").status == 200)
        surface.close()
        withExtendedLifetime(clients) {}
    }

    @Test func `a server that protects itself is alive and takes nobody new`() throws {
        let surface = try Surface()
        #expect(try surface.ask("GET /readyz").status == 200)
        surface.board.isProtecting = true
        #expect(try surface.ask("GET /readyz").errorCode == "overloaded")
        #expect(try surface.ask("GET /livez").status == 200)
        surface.stop()
    }

    @Test(arguments: [
        (StatusBoard.Level.healthy, 200), (.warning, 200), (.critical, 503), (.unknown, 503),
    ]) func `health says what was judged`(level: StatusBoard.Level, status: Int) throws {
        let surface = try Surface()
        surface.board.judge(level)
        for path in ["/health", "/api/health"] {
            let answer = try surface.ask("GET \(path)")
            #expect(answer.status == status && answer.json?["status"]?.string == level.name)
        }
        surface.stop()
    }

    @Test func `health is unknown when who judged it has stopped`() throws {
        let surface = try Surface()
        surface.board.judge(.healthy)
        surface.board.confirm(at: .now())
        #expect(try surface.ask("GET /health").status == 200)
        surface.board.confirm(at: .now() + (.zero - StatusBoard.staleAfter - .seconds(1)))
        let answer = try surface.ask("GET /health")
        #expect(answer.status == 503 && answer.json?["status"] == "unknown")
        surface.stop()
    }

    @Test func `rooms are told page by page to who has a token`() throws {
        let surface = try Surface()
        let answer = try surface.ask("GET /api/rooms?limit=5", as: "viewer")
        #expect(answer.status == 200 && answer.body == #"{"count":0,"rooms":[],"has_more":false}"#)
        let refused = try surface.ask("GET /rooms?limit=5000", as: "viewer")
        #expect(refused.status == 400)
        #expect(refused.json?["error"]?["message"] == "limit is 5000: 1 to 1000")
        #expect(try surface.ask("GET /rooms?unknown=5000", as: "viewer").status == 200)
        surface.stop()
    }

    // MARK: Who may

    @Test func `each route lets in its role and those above it, and nobody else`() throws {
        let surface = try Surface { $0.http.failedAuthPerMin = 1000 }
        for route in AdminRoutes.table.routes {
            let path = route.path.replacing("{id}", with: "ZZZZZZZZ").replacing("{name}", with: "none")
                .replacing("{since}", with: "0")
            let line = "\(route.method.rawValue) \(path)"
            guard let least = route.access.least(metricsArePublic: false) else {
                #expect(try surface.ask(line).status < 400, "\(line)")
                continue
            }
            #expect(try surface.ask(line).status == 401, "\(line)")
            #expect(try surface.ask(line, as: "wrong").status == 401, "\(line)")
            for role in OperatorRole.allCases {
                let status = try surface.ask(line, as: role.rawValue).status
                #expect((status == 403) == (role < least), "\(line) as \(role): \(status)")
                #expect(status != 401, "\(line) as \(role)")
            }
        }
        surface.stop()
    }

    @Test func `metrics are open to everybody only where that is set`() throws {
        let surface = try Surface { $0.metrics.isPublic = true }
        #expect(try surface.ask("GET /metrics").status == 200)
        #expect(try surface.ask("GET /api/health/metrics").body == "gameserver_up 1\n")
        #expect(try surface.ask("GET /api/metrics/rooms").status == 401)
        surface.stop()
    }

    // MARK: What comes with every answer

    @Test func `an answer carries the id the client gave, or a new one`() throws {
        let surface = try Surface()
        #expect(try surface.ask("GET /livez", fields: ["X-Request-Id: a.B-9_"]).field("X-Request-Id") == "a.B-9_")
        let refused = try surface.ask("GET /api/rooms", fields: ["X-Request-Id: mine"])
        #expect(refused.json?["error"]?["request_id"] == "mine" && refused.field("X-Request-Id") == "mine")
        for bad in ["a b", "é", String(repeating: "a", count: 65), "<script>"] {
            let id = try surface.ask("GET /livez", fields: ["X-Request-Id: \(bad)"]).field("X-Request-Id")
            #expect(id?.count == 32 && id?.allSatisfy(\.isHexDigit) == true, "\(bad)")
        }
        #expect(try surface.ask("GET /").field("X-Request-Id")?.count == 32)
        surface.stop()
    }

    @Test func `who asks too much is told when to come back, and a probe never is`() throws {
        let surface = try Surface { $0.http.publicRatePerMin = 2 }
        let answers = try (0..<4).map { _ in try surface.ask("GET /health") }
        #expect(answers.map(\.status) == [200, 200, 200, 429])
        #expect(answers.map { $0.field("X-RateLimit-Remaining") } == ["2", "1", "0", "0"])
        for answer in answers {
            #expect(answer.field("X-RateLimit-Limit") == "2" && answer.field("X-RateLimit-Window") == "60")
        }
        #expect(answers[3].errorCode == "rate_limited")
        #expect(answers[3].field("Retry-After").flatMap { Int($0) } ?? 0 > 0)
        for _ in 0..<5 { #expect(try surface.ask("GET /readyz").status == 200) }
        // A token is counted by itself.
        #expect(try surface.ask("GET /api/rooms", as: "viewer").status == 200)
        surface.stop()
    }

    @Test func `after too many wrong tokens none of an address is looked at`() throws {
        let surface = try Surface { $0.http.failedAuthPerMin = 2 }
        #expect(try (0..<4).map { _ in try surface.ask("GET /api/rooms", as: "guess").status } == [401, 401, 401, 429])
        #expect(try surface.ask("GET /api/rooms", as: "administrator").status == 429)
        #expect(try surface.ask("GET /api/rooms").status == 401)
        surface.stop()
    }

    @Test func `behind a trusted proxy clients are told apart`() throws {
        let surface = try Surface {
            $0.http.publicRatePerMin = 1
            $0.http.trustedProxies = "::1, ::ffff:127.0.0.1"
        }
        for client in ["10.0.0.1", "10.0.0.2"] {
            // What the client itself claims stands before what the proxy saw.
            let fields = ["X-Forwarded-For: 1.2.3.4, \(client)"]
            #expect(try surface.ask("GET /health", fields: fields).status == 200)
            #expect(try surface.ask("GET /health", fields: fields).status == 429)
        }
        surface.stop()
    }

    // MARK: In which form

    @Test func `health comes in the form that is asked for`() throws {
        let surface = try Surface()
        let own = try surface.ask("GET /health/detailed", as: "viewer")
        #expect(own.status == 200 && own.field("Content-Type") == "application/json")
        let draft = try surface.ask(
            "GET /api/health/detailed", as: "viewer", fields: ["Accept: application/health+json"])
        #expect(draft.status == 503 && draft.field("Content-Type") == "application/health+json")
        surface.stop()
    }

    // MARK: The log

    @Test func `the log is read page by page, each where the one before ended`() throws {
        let surface = try Surface()
        for number in 0..<5 { surface.logger.log(.critical, .system, "counted", "line \(number)") }
        var messages: [String?] = []
        var query = "event=counted&limit=3"
        for hasMore in [true, false] {
            let page = try surface.ask("GET /api/logs?\(query)", as: "operator")
            #expect(page.status == 200 && page.json?["has_more"]?.bool == hasMore, "\(page.body)")
            messages += page.json?["lines"]?.elements?.map { $0["message"]?.string } ?? []
            query += "&before=" + (page.json?["next"]?.string ?? "")
        }
        #expect(messages == (0..<5).reversed().map { "line \($0)" })
        #expect(
            try surface.ask("GET /api/logs?before=5", as: "operator").json?["error"]?["message"]
                == "before is 5: what a page said in next")
        surface.stop()
    }

    @Test func `a scrape does not wait for a search of the log`() throws {
        let surface = try Surface()
        let client = try RawClient(port: surface.loop.port)
        try surface.sources.searching.withLock { _ in
            try client.send("GET /api/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer operator\r\n\r\n")
            #expect(surface.sources.asked.next() == "logs")
            #expect(try surface.ask("GET /metrics", as: "viewer").status == 200)
            #expect(try surface.ask("GET /health/detailed", as: "viewer").status == 200)
        }
        surface.stop()
    }

    @Test func `the log is followed with a token, or once with a ticket`() throws {
        let surface = try Surface()
        #expect(try surface.ask("GET /api/logs/tail", as: "operator").status == 426)
        let made = try surface.ask("POST /api/logs/tickets", as: "operator")
        let ticket = try #require(made.json?["ticket"]?.string)
        #expect(made.status == 201)
        let client = try RawClient(port: surface.loop.port)
        let head = try client.open(
            path: "/api/logs/tail?ticket=\(ticket)", extra: "Sec-WebSocket-Protocol: gameserver.logs\r\n")
        #expect(head.hasPrefix("HTTP/1.1 101") && head.contains("gameserver.logs"))
        #expect(surface.sources.write(#"{"event":"one"}"#) == 1)
        #expect(try client.receiveFrame() == .text(#"{"event":"one"}"#))
        let again = try RawClient(port: surface.loop.port)
        #expect(try again.open(path: "/api/logs/tail?ticket=\(ticket)").hasPrefix("HTTP/1.1 401"))
        surface.stop()
    }
}
