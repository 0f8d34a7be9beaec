import Foundation
import Observability
import Testing

@testable import GameServer

@Suite("Operations: admin token") struct AdminTokenTests {
    private func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder left behind fails no test
        return try body(folder.path)
    }

    @Test func `a configured token is used and nothing is written`() throws {
        try inFolder { folder in
            let token = try AdminToken(configured: Secret("mine"), dataDirectory: folder)
            #expect(token.secret.reveal() == "mine" && !token.isNew)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func `without one a token is made once, kept for its owner alone, and found again`() throws {
        try inFolder { folder in
            let first = try AdminToken(configured: nil, dataDirectory: folder)
            let second = try AdminToken(configured: nil, dataDirectory: folder)
            #expect(first.isNew && !second.isNew)
            #expect(first.secret == second.secret)
            #expect(first.secret.reveal().count == 64)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/admin-token")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `two data directories have two tokens`() throws {
        let tokens = try (0..<2).map { _ in try inFolder { try AdminToken(configured: nil, dataDirectory: $0).secret } }
        #expect(tokens[0] != tokens[1])
    }

    @Test func `an empty token file opens no door`() throws {
        try inFolder { folder in
            try Data().write(to: URL(filePath: folder + "/admin-token"))
            #expect(throws: AdminTokenError.self) { try AdminToken(configured: nil, dataDirectory: folder) }
        }
    }
}
