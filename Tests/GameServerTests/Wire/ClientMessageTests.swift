@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Client to server: what may be written in more than one way") struct ClientMessageTests {
    private func parse(_ text: String) throws -> ClientMessage {
        try ClientMessage(MessageFields(try JSON(parsing: Array(text.utf8))))
    }

    @Test func `a whole number may be written with a fraction of nothing, and null options are none`() throws {
        guard case .leave(_, let n) = try parse(#"{"type":"leave","room":"A","n":1.0}"#) else {
            Issue.record("not a leave")
            return
        }
        #expect(n == 1)
        let act = MessageFields(try JSON(parsing: Array(#"{"type":"act","n":2.0,"id":3.0}"#.utf8)))
        #expect(act.echo.n == 2)
        #expect(act.echo.id == .integer(3))
        #expect(throws: Rejection.badRequest("n: expected a whole number")) {
            try parse(#"{"type":"leave","room":"A","n":1.5}"#)
        }
        guard case .create(let create) = try parse(#"{"type":"create","game":"g","name":"A","options":null}"#) else {
            Issue.record("not a create")
            return
        }
        #expect(create.options == .object([]))
    }

    @Test(arguments: [
        (#"{"kind":"fly"}"#, "action: kind: missing or unknown"), (#"{"kind":7}"#, "action: kind: missing or unknown"),
        ("{}", "action: kind: missing or unknown"),
        (#"{"kind":"mark","field":"x"}"#, "action: field: expected a whole number"),
    ])
    func `an action that cannot be read is refused in words a player's author understands`(
        action: String, words: String
    ) throws {
        let table = try Table.playing()
        let no = try #require(table.turn.act(table.room, try JSON(parsing: Array(action.utf8))).first("no"))
        #expect(no.code == "bad_request")
        #expect(no["message"]?.string == words)
    }

    @Test func `chat holds no control characters but line feed and tab`() throws {
        let table = try Table()
        let room = JSON.string(table.room.description)
        #expect(table.ana.ask(["type": "chat", "room": room, "text": "a\tb\nc"]).types == ["chat"])
        #expect(table.ana.ask(["type": "chat", "room": room, "text": "a\u{0}"]).refusals == ["bad_request"])
    }
}
