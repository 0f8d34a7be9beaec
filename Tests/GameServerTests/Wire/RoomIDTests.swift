@testable import GameServer
import PluginAPI
import Testing

@Suite("Framing: room ids") struct RoomIDTests {
    @Test func `an id is eight characters of Crockford base32 and reads back as itself`() throws {
        var random = GameRandom(seed: 1)
        for _ in 0..<200 {
            let id = RoomID.random(using: &random)
            #expect(id.description.utf8.count == 8)
            #expect(id.description.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
            #expect(RoomID(id.description) == id)
        }
        #expect(RoomID(raw: 0).description == "00000000")
        #expect(RoomID(raw: .max).description == "ZZZZZZZZ")
    }

    @Test(arguments: [("abcdefgh", "ABCDEFGH"), ("ilIL0oO1", "11110001"), ("7q352tqa", "7Q352TQA")])
    func `input ignores case, I and L read as 1, O as 0`(given: String, meant: String) {
        #expect(RoomID(given)?.description == meant)
    }

    @Test(arguments: ["", "1234567", "123456789", "1234567U", "1234 678", "1234-678", "１２３４５６７８", "ABCDEFG\0"])
    func `anything else is no id`(given: String) {
        #expect(RoomID(given) == nil)
    }
}
