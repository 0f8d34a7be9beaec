import PluginAPI
import Testing

@testable import LiapTui

extension LiapTuiVectors {
    func validPlay(_ vector: Vector) throws {
        let combination = Combination(try vector.pieces("pieces"))
        #expect((combination?.type.rawValue ?? "INVALID") == vector["type"].string)
        #expect(combination?.strength == vector["strength"].integer.map(Int.init))
    }

    func compare(_ vector: Vector) throws {
        let plays = try vector["plays"].list().map { try $0.asPieces() }
        let holder = LiapTui.holder(of: plays)
        #expect(holder?.place == vector["holds"].integer.map(Int.init))
        let combinations = plays.map { Combination($0) }
        var relation = "incomparable"
        if let first = combinations[0], let second = combinations[1], first.type == second.type {
            relation = first.beats(second) ? "higher" : second.beats(first) ? "lower" : "equal"
        }
        #expect(relation == vector["relation"].string)
    }

    func turn(_ vector: Vector) throws {
        let plays = try vector["plays"].list().map { play in
            (seat: try (play["player"] ?? .null).asSeat(), pieces: try (play["pieces"] ?? .null).asPieces())
        }
        var table = Table()
        // One piece more than the turn takes, so that somebody leads afterwards.
        var hands: [[Piece]] = Array(repeating: [.soldierBlack], count: 4)
        for play in plays { hands[play.seat.index] += play.pieces }
        table.fold(hands: hands, starter: plays[0].seat)
        var events: [LiapTui.Event] = []
        for (number, play) in plays.enumerated() {
            if number == 0, Combination(play.pieces) == nil {
                // Nobody may lead so: a play as only a fault could bring it about.
                let forced = LiapTui.Event.played(
                    seat: play.seat, count: play.pieces.count, play: .discard, pieces: play.pieces)
                table.fold(forced)
                events.append(forced)
            } else {
                events += try table.act(.play(pieces: play.pieces), by: play.seat)
            }
            let required = try vector.integer("required_count")
            #expect(table.state.plays.isEmpty || table.state.required == required)
        }
        if let type = vector["lead_type"].string, type != "INVALID" { #expect(events.plays.first?.rawValue == type) }
        if let matches = vector["matches_lead"].elements {
            #expect(events.plays.map { JSON.bool($0 != .discard) } == matches)
        }
        let ended = try #require(events.turnEnded)
        #expect(ended.winner == (try? vector.seat("winner")))
        #expect(ended.captured == (try vector["piles"].integersBySeat()))
        #expect(ended.piles == ended.captured.reduce(0, +))
        #expect(table.state.leader == (try vector.seat("next_leader")))
    }

    func playAccept(_ vector: Vector) throws {
        let hand = try vector.pieces("hand")
        let indices = try vector.integers("indices")
        let isLeader = try vector.bool("is_leader")
        let myTurn = try vector.bool("my_turn")
        let player: Seat = isLeader && myTurn ? 0 : 1
        let required = vector["required_count"].integer.map(Int.init) ?? 1
        var hands = (0..<4).map { _ in hand }
        hands[0] = hand
        var table = Table()
        table.fold(hands: hands, starter: 0)
        if !isLeader {
            let lead = try #require(Combination.all(in: Piece.deck).first { $0.count == required })
            table.fold(.played(seat: 0, count: required, play: try #require(Combination(lead)).type, pieces: lead))
        }
        if try vector.bool("already_played") {
            table.fold(.played(seat: player, count: required, play: .discard, pieces: []))
        }
        // The protocol names kinds. An index that stands for no piece, or for one named before, becomes a kind that
        // the hand lacks.
        let absent = try #require(Piece.allCases.first { !hand.contains($0) })
        var named: Set<Int> = []
        let pieces = indices.map { hand.indices.contains($0) && named.insert($0).inserted ? hand[$0] : absent }
        let refusal = table.refusal(of: .play(pieces: pieces), by: player)
        #expect((refusal == nil) == (try vector.bool("accepted")), "\(refusal ?? "taken")")
        switch vector["reason"].string {
        case "leader_needs_valid_combination": #expect(refusal == "liap-tui/invalid_lead")
        case "wrong_count": #expect(refusal == "liap-tui/wrong_count")
        case "bad_index": #expect(refusal == "liap-tui/not_in_hand")
        // A second play is answered like any other play out of turn (docs/PROTOCOL.md, "Liap Tui").
        case "not_your_turn", "already_played": #expect(refusal == "not_your_turn")
        // More than the hand holds, but no more than six, is a matter of the hand there.
        case "count_out_of_range": #expect(refusal == (1...6 ~= pieces.count ? "liap-tui/not_in_hand" : "bad_request"))
        default: break
        }
        #expect(table.state.players[player.index].hand == hand.sorted())
    }

    func round(_ vector: Vector) throws {
        let number = try vector.integer("round")
        let multiplier = try vector.integer("multiplier")
        let starter = try vector.seat("starter")
        let hands = try vector["hands"].bySeat().map { try $0.asPieces().sorted() }
        let before = try vector["totals_before"].integersBySeat()
        var table = Table()
        table.set { state in
            state.round = number - 1
            if number > 1 { state.lastTurnWinner = starter }
            for (seat, total) in before.enumerated() { state.players[seat].total = total }
        }
        let redealBy = multiplier > 1 ? starter : nil
        let holder = hands.firstIndex { $0.contains(.generalRed) }.map { Seat($0) }
        let ruled = LiapTui.starter(
            round: number, redealBy: redealBy, generalRedHolder: holder, lastTurnWinner: table.state.lastTurnWinner)
        #expect(ruled.seat == starter)
        table.fold(.dealt(round: number, multiplier: 1, hands: hands, weak: []))
        if redealBy != nil {
            table.fold(
                .redealt(starter: starter, multiplier: multiplier),
                .dealt(round: number, multiplier: multiplier, hands: hands, weak: []))
        }
        table.fold(
            .roundStarted(round: number, starter: starter, reason: ruled.reason, order: Seat.order(from: starter)))
        for call in try vector["declarations"].list() {
            try table.act(
                .declare(value: try (call["value"] ?? .null).asInteger()), by: try (call["player"] ?? .null).asSeat())
        }
        let last = try playTurns(of: vector, on: &table)
        let scores = try #require(last.roundScores)
        #expect(scores.map(\.captured) == (try vector["captured"].integersBySeat()))
        #expect(scores.map(\.gained) == (try vector["gains"].integersBySeat()))
        #expect(scores.map(\.total) == (try vector["totals_after"].integersBySeat()))
        #expect(table.state.lastTurnWinner == (try vector.seat("next_starter")))
    }

    /// - Returns: the events of the last play.
    private func playTurns(of vector: Vector, on table: inout Table) throws -> [LiapTui.Event] {
        var last: [LiapTui.Event] = []
        for turn in try vector["turns"].list() {
            #expect(table.state.leader == (try (turn["leader"] ?? .null).asSeat()))
            var events: [LiapTui.Event] = []
            for play in try (turn["plays"] ?? .null).list() {
                #expect(LiapTui.invariant(table.state) == nil)
                last = try table.act(
                    .play(pieces: try (play["pieces"] ?? .null).asPieces()),
                    by: try (play["player"] ?? .null).asSeat())
                events += last
            }
            #expect(events.plays.first?.rawValue == turn["type"]?.string)
            let ended = try #require(events.turnEnded)
            #expect(Int64(ended.piles) == turn["required"]?.integer)
            #expect(ended.winner == (try (turn["winner"] ?? .null).asSeat()))
            #expect(ended.captured == (try (turn["piles_after"] ?? .null).integersBySeat()))
        }
        return last
    }
}
