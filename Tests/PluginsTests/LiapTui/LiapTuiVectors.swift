import PluginAPI
import Testing

@testable import LiapTui

/// Every rule vector, driven through the rules that rooms play by.
@Suite("LiapTuiVectors") struct LiapTuiVectors {
    @Test func `the file is there and its vectors have names of their own`() {
        #expect(!Vector.all.isEmpty)
        #expect(Set(Vector.ids).count == Vector.ids.count)
    }

    @Test(arguments: Vector.ids) func `the rules agree with the vector`(id: String) throws {
        let vector = try #require(Vector.all.first { $0.id == id })
        switch vector.kind {
        case "deck": try deck(vector)
        case "valid_play": try validPlay(vector)
        case "compare": try compare(vector)
        case "turn": try turn(vector)
        case "play_accept": try playAccept(vector)
        case "declare_options": try declareOptions(vector)
        case "declare_check": try declareCheck(vector)
        case "zero_streak": try zeroStreak(vector)
        case "weak_hand": try weakHand(vector)
        case "redeal": try redeal(vector)
        case "redeal_chain": try redealChain(vector)
        case "starter": try starter(vector)
        case "play_order": try playOrder(vector)
        case "score": try score(vector)
        case "round_score": try roundScore(vector)
        case "game_end": try gameEnd(vector)
        case "ranking": try ranking(vector)
        case "round": try round(vector)
        case "game_fold": try gameFold(vector)
        case "bot_declare_hint": try botDeclareHint(vector)
        default: Issue.record("\(id): no driver for the kind \(vector.kind)")
        }
    }

    private func botDeclareHint(_ vector: Vector) throws {
        // The range that counts as reasonable is a hint; only legality binds.
        let table = try declaring(vector, hand: try vector.pieces("hand"))
        let seat = Seat(try vector.integer("position"))
        var random = GameRandom(seed: 1)
        let choice = LiapTui.bot(
            table.view(for: seat), legal: LiapTui.legalActions(for: seat, in: table.state), random: &random)
        guard case .declare(let value) = choice else {
            Issue.record("\(vector.id): the bot chose \(String(describing: choice))")
            return
        }
        #expect(try vector.integers("must_be_in").contains(value))
    }
}
