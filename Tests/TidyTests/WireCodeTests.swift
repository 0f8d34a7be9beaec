import Testing

@Suite("Protocol: codes") struct WireCodeTests {
    private static let refusals = [
        "bad_request", "unknown_type", "not_joined", "bad_number", "not_host", "not_your_turn", "wrong_phase",
        "refused", "room_full", "room_not_found", "room_gone", "seat_taken", "name_taken", "bad_secret", "bad_token",
        "rate_limited", "too_large", "draining", "overloaded", "store_unavailable", "poisoned", "internal",
    ]
    private static let closeCodes = [
        "4001", "4002", "4003", "4004", "4005", "4006", "4007", "4501", "4502", "4503", "4504", "4505", "4506", "4507",
        "4509",
    ]
    private static let messages = [
        "hello", "list", "create", "join", "watch", "act", "host", "ack", "resync", "leave", "chat", "report", "ping",
        "pong", "welcome", "rooms", "joined", "events", "snapshot", "ok", "no", "room", "notice", "bye",
    ]

    @Test(arguments: ["docs/PROTOCOL.md", "Resources/client/codes.js"])
    func `every code stands in the published protocol and in the client`(path: String) throws {
        let words = Set(ProjectFile.words(of: try #require(ProjectFile.named(path)).text))
        for code in Self.refusals + Self.closeCodes { #expect(words.contains(code), "\(code) is missing in \(path)") }
    }

    @Test func `every message type stands in the published protocol`() throws {
        let text = try #require(ProjectFile.named("docs/PROTOCOL.md")).text
        for type in Self.messages { #expect(text.contains("`\(type)`"), "\(type)") }
    }

    @Test func `every close code of the sources is published`() throws {
        let wire = ProjectFile.swift(under: "Sources/GameServer/Wire")
        #expect(!wire.isEmpty)
        for file in wire {
            for line in file.lines where line.contains("case ") {
                for match in line.matches(of: /= (4\d\d\d)\b/) {
                    #expect(Self.closeCodes.contains(String(match.1)), "\(match.1) of \(file.path)")
                }
            }
        }
    }
}
