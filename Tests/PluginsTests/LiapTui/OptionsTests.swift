import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: options") struct OptionsTests {
    @Test func `the defaults are those of the protocol`() throws {
        #expect(
            String(decoding: try FlatEncoder.encode(LiapTui.defaultOptions), as: UTF8.self)
                == #"{"score_limit":50,"round_limit":20,"multiplier_scope":"base","vote_ms":30000,"turn_ms":60000,"#
                + #""bot_delay_ms":[500,1500],"reveal_ms":0}"#)
        #expect(throws: Never.self) { try LiapTui.check(LiapTui.defaultOptions) }
    }

    @Test(arguments: [
        (#"{"score_limit":0}"#, "score_limit: 0 is outside 1 to 1000"),
        (#"{"score_limit":1001}"#, "score_limit: 1001 is outside 1 to 1000"),
        (#"{"round_limit":101}"#, "round_limit: 101 is outside 1 to 100"),
        (#"{"vote_ms":99}"#, "vote_ms: 99 is outside 100 to 3600000"),
        (#"{"turn_ms":3600001}"#, "turn_ms: 3600001 is outside 100 to 3600000"),
        (#"{"reveal_ms":60001}"#, "reveal_ms: 60001 is outside 0 to 60000"),
        (#"{"bot_delay_ms":[0]}"#, "bot_delay_ms: two numbers are needed, not 1"),
        (#"{"bot_delay_ms":[-1,5]}"#, "bot_delay_ms: -1 is outside 0 to 60000"),
        (#"{"bot_delay_ms":[9,5]}"#, "bot_delay_ms: 9 is more than 5, the smaller comes first"),
    ])
    func `what is out of range is refused by name, value and limit`(given: String, sentence: String) throws {
        let defaults = try JSON(parsing: FlatEncoder.encode(LiapTui.defaultOptions))
        let json = defaults.overlaid(with: try JSON(parsing: Array(given.utf8)))
        let options = try FlatDecoder.decode(LiapTui.Options.self, from: json)
        #expect(throws: Refusal.badRequest(sentence)) { try Match<LiapTui>(options: options) }
    }

    @Test func `bots seem to think as long as the options say`() {
        let table = Table { $0.botDelayMs = [0, 40] }
        #expect(LiapTui.botDelay(table.state) == .zero ... .milliseconds(40))
    }
}
