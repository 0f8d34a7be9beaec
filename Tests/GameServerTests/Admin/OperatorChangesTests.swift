import Foundation
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: what operators change") struct OperatorChangesTests {
    // MARK: Bodies

    @Test(arguments: [
        ("{}", "application/json", 200, nil), ("", "", 200, nil),
        (#"{"dry_run":true,"scope":"ZZZZZZZZ","context":{"why":"test"}}"#, "application/json; charset=utf-8", 200, nil),
        ("{}", "text/plain", 415, "unsupported_media_type"), ("{", "application/json", 400, "bad_request"),
        ("[]", "application/json", 400, "bad_request"), (#"{"scope":5}"#, "application/json", 400, "bad_request"),
        (#"{"dry_run":1}"#, "application/json", 400, "bad_request"),
        (#"{"context":[]}"#, "application/json", 400, "bad_request"),
        (String(repeating: " ", count: 70_000), "application/json", 413, "body_too_large"),
    ]) func `a body is read, or refused for a reason`(body: String, type: String, status: Int, code: String?) throws {
        let surface = try Surface()
        let answer = try surface.ask(
            "POST /api/recovery/trigger/memory_pressure", as: "operator",
            fields: type.isEmpty ? [] : ["Content-Type: \(type)"], body: body)
        #expect(answer.status == status && answer.errorCode == code)
        #expect(surface.sources.triggers.count == (status == 200 ? 1 : 0))
        surface.stop()
    }

    @Test(arguments: [
        ("?dry_run=true", "", true, nil), ("?dry_run&scope=ZZZZZZZZ", "", true, "ZZZZZZZZ"), ("", "", false, nil),
        ("?scope=ZZZZZZZZ", #"{"dry_run":true}"#, true, "ZZZZZZZZ"), ("?dry_run=0", "{}", false, nil),
        ("?dry_run=1", #"{"dry_run":true,"scope":null}"#, true, nil),
    ]) func `a procedure is told what to do in the query or in the body`(
        query: String, body: String, isDryRun: Bool, scope: String?
    ) throws {
        let surface = try Surface()
        let answer = try surface.ask(
            "POST /api/recovery/trigger/memory_pressure\(query)", as: "operator",
            fields: ["Content-Type: application/json"], body: body)
        #expect(answer.status == 200)
        #expect(surface.sources.triggers.map(\.isDryRun) == [isDryRun])
        #expect(surface.sources.triggers.map(\.scope) == [scope])
        surface.stop()
    }

    @Test(arguments: [
        (
            "recovery/trigger/memory_pressure?dryrun=true", "",
            "dryrun is no parameter of this path: it takes dry_run, scope"
        ),
        ("recovery/trigger/memory_pressure?dry_run=0&dry_run=1", "", "dry_run is there twice"),
        ("recovery/trigger/memory_pressure?dry_run=maybe", "", "dry_run is maybe: 0 or 1"),
        (
            "recovery/trigger/memory_pressure?dry_run=0", #"{"dry_run":true}"#,
            "dry_run is another in the query than in the body"
        ),
        (
            "recovery/trigger/memory_pressure?scope=a", #"{"scope":"b"}"#,
            "scope is another in the query than in the body"
        ),
        ("event-store/cleanup?older_then_hours=9", "", "older_then_hours is no parameter of this path"),
        (
            "recovery/procedures/memory_pressure/disable?dry_run", "",
            "dry_run is no parameter of this path: it takes none"
        ),
    ]) func `what changes something is not begun on a word that is not understood`(
        path: String, body: String, message: String
    ) throws {
        let surface = try Surface()
        let answer = try surface.ask(
            "POST /api/\(path)", as: "administrator", fields: ["Content-Type: application/json"], body: body)
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?["message"]?.string?.hasPrefix(message) == true, "\(answer.body)")
        #expect(surface.sources.triggers.isEmpty)
        surface.stop()
    }

    // MARK: Doing something

    @Test func `what an operator does is refused in its own words, and noted whatever came of it`() throws {
        let surface = try Surface()
        let path = "POST /recovery/trigger/"
        #expect(try surface.ask(path + "memory_pressure", as: "operator").status == 200)
        let refused = try surface.ask(path + "system_overload", as: "administrator")
        #expect(refused.status == 409 && refused.json?["error"]?["message"] == "cooling down for 12 s")
        #expect(try surface.ask(path + "nothing", as: "operator").status == 404)
        #expect(try surface.ask("GET /api/recovery/status", as: "operator").status == 501)
        let actions = surface.sources.actions
        #expect(actions.map(\.target) == ["memory_pressure", "system_overload", "nothing"])
        #expect(actions.map(\.status) == [200, 409, 404])
        let digest = Digest(of: Array("operator".utf8)).description.prefix(8)
        #expect(actions[0].actor == "operator:\(digest)")
        surface.stop()
    }

    @Test(arguments: [
        ("POST /api/recovery/trigger/memory_pressure", "viewer", "memory_pressure", 403),
        ("POST /api/event-store/cleanup", "operator", "store", 403),
        ("POST /api/event-store/cleanup?older_then_hours=9", "administrator", "store", 400),
        ("PUT /api/logs/levels", "operator", "log", 400),
        ("POST /api/recovery/trigger/memory_pressure", "guess", nil, 401),
        ("POST /api/logs/tickets", "viewer", nil, 403), ("GET /api/logs", "viewer", nil, 403),
    ]) func `who tries to change what they may not stands in the audit trail`(
        line: String, token: String, target: String?, status: Int
    ) throws {
        let surface = try Surface()
        #expect(try surface.ask(line, as: token).status == status)
        let lines = try surface.audit()
        #expect(lines.map { $0["audit"]?["target"]?.string } == (target.map { [$0] } ?? []))
        #expect(lines.allSatisfy { $0["details"] == ["status": .integer(Int64(status))] })
        #expect(lines.allSatisfy { $0["audit"]?["actor"]?.string?.hasPrefix("\(token):") == true })
        // The store keeps what was begun.
        #expect(surface.sources.actions.isEmpty)
        surface.stop()
    }

    @Test func `what is refused while the audit trail cannot be written does not wait for it`() throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/audit.log"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        var options = Logger.Options()
        options.auditFile = try LogFilePlan(opening: path)
        let origin = LogOrigin(version: "test", node: "test", processID: 1)
        let logger = Logger(level: .critical, sink: LogSink { _ in true }, origin: origin, options: options)
        let metrics = Metrics(process: .init(version: "test", startSeconds: 0) { 0 }, routes: AdminRoutes.labels)
        let ledger = AccessLedger(logger, metrics, writer: nil)
        let action = OperatorAction(
            refused: .storeCleanup, of: nil, with: 403, by: Requester(role: .viewer, fingerprint: "1"),
            at: Timestamp(unixMilliseconds: 0), requestID: "test")
        ledger.refusedChange(action)
        #expect(logger.flush(within: .seconds(30)) && !logger.isKeepingAudit)
        for _ in 0..<10 { ledger.refusedChange(action) }
        try FileManager.default.removeItem(atPath: path)
        logger.reopen()
        #expect(logger.flush(within: .seconds(30)) && logger.isKeepingAudit)
        #expect(logger.close(within: .seconds(30)))
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 1)
    }

    @Test func `what comes too fast does not fill the audit trail`() throws {
        let surface = try Surface { $0.http.operatorRatePerMin = 1 }
        let path = "POST /api/recovery/trigger/memory_pressure"
        #expect(try (0..<4).map { _ in try surface.ask(path, as: "viewer").status } == [403, 429, 429, 429])
        #expect(try surface.audit().count == 1)
        surface.stop()
    }

    @Test(
        arguments: [
            (
                "POST /api/recovery/trigger/memory_pressure?dry_run=1", #"{"scope":"ZZZZZZZZ"}"#, "memory_pressure",
                #"{"status":200,"scope":"ZZZZZZZZ","dry_run":true}"#, []
            ),
            (
                "POST /api/event-store/cleanup?older_than_hours=72", "", "store",
                #"{"status":501,"older_than_hours":72,"dry_run":false}"#, []
            ),
            (
                "PUT /api/logs/levels", #"{"category":"websocket","level":"ERROR"}"#, "websocket",
                #"{"status":200,"level":"error"}"#, ["critical", "error"]
            ),
            (
                "PUT /api/logs/levels", #"{"level":"warn"}"#, "log", #"{"status":200,"level":"warning"}"#,
                ["critical", "warning"]
            ),
            ("PUT /api/logs/levels", #"{"category":"LONG","level":"LONG"}"#, "log", #"{"status":400}"#, []),
            (
                "POST /api/recovery/trigger/LONG", #"{"scope":"LONG"}"#, String(repeating: "x", count: 64),
                #"{"status":400,"scope":"\#(String(repeating: "x", count: 64))","dry_run":false}"#, []
            ),
        ] as [(String, String, String, String, [String])])
    func `the audit trail says what was done, in words that are not too long`(
        line: String, body: String, target: String, details: String, change: [String]
    ) throws {
        let surface = try Surface()
        let long = String(repeating: "x", count: 5000)
        _ = try surface.ask(
            line.replacing("LONG", with: long), as: "administrator", fields: ["Content-Type: application/json"],
            body: body.replacing("LONG", with: long))
        let found = try surface.audit()
        #expect(found.count == 1)
        let audit = try #require(found.first)
        #expect(audit["audit"]?["target"]?.string == target)
        #expect(try audit["details"] == JSON(parsing: Array(details.utf8)))
        #expect(audit["audit"]?["before"]?.string == change.first)
        #expect(audit["audit"]?["after"]?.string == change.last)
        let action = try #require(surface.sources.actions.first)
        #expect((action.change != nil) == !change.isEmpty && action.target == target)
        surface.stop()
    }
}

extension Surface {
    /// The lines of the audit trail.
    fileprivate func audit() throws -> [JSON] {
        logger.flush()
        var filter = LogFilter()
        filter.category = .audit
        return try logger.search(filter).lines.map { try JSON(parsing: $0) }
    }
}
