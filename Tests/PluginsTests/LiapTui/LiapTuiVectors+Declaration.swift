import PluginAPI
import Testing

@testable import LiapTui

extension LiapTuiVectors {
    /// A table at which seat 0 began, the seats before `position` have declared `prior`, and the next one is to declare.
    func declaring(_ vector: Vector, hand: [Piece]? = nil) throws -> Table {
        let position = try vector.integer("position")
        var table = Table()
        var hands = Table.plainHands
        if let hand { hands[position] = hand }
        table.fold(hands: hands, starter: 0, declarations: try vector.integers("prior"))
        let streak = try vector.integer("zero_streak")
        table.set { $0.players[position].zeroStreak = streak }
        #expect(table.state.toAct == [Seat(position)])
        return table
    }

    func declareOptions(_ vector: Vector) throws {
        let table = try declaring(vector)
        let seat = Seat(try vector.integer("position"))
        let options = try vector.integers("options")
        #expect(table.view(for: seat).legal?.declare == options)
        let legal = LiapTui.legalActions(for: seat, in: table.state)
        #expect(legal == options.map { .declare(value: $0) })
        for value in 0...8 {
            let refusal = table.refusal(of: .declare(value: value), by: seat)
            #expect((refusal == nil) == options.contains(value), "\(value): \(refusal ?? "taken")")
        }
    }

    func declareCheck(_ vector: Vector) throws {
        let table = try declaring(vector)
        let seat = Seat(try vector.integer("position"))
        let wire = JSON.object([.init("kind", "declare"), .init("value", vector["value"])])
        let accepted = try vector.bool("accepted")
        guard let action = try? FlatDecoder.decode(LiapTui.Action.self, from: wire) else {
            #expect(!accepted)
            #expect(vector["reason"] == "not_an_integer")
            return
        }
        let refusal = table.refusal(of: action, by: seat)
        #expect((refusal == nil) == accepted)
        switch vector["reason"].string {
        case "out_of_range": #expect(refusal == "bad_request")
        case "total_would_be_eight": #expect(refusal == "liap-tui/declare_total")
        default: break
        }
    }

    func zeroStreak(_ vector: Vector) throws {
        var table = Table()
        let seat: Seat = 0
        for (round, value) in try vector.integers("declared_by_round").enumerated() {
            table.fold(hands: Table.plainHands, starter: seat, declarations: [])
            try table.act(.declare(value: value), by: seat)
            #expect(table.view(for: 1).seats[0].zeroStreak == (try vector.integers("streak_after"))[round])
            table.fold(hands: Table.plainHands, starter: seat, declarations: [])
            let needsOne = try vector["next_round_needs_at_least_one"].list()[round].asBool()
            #expect((table.refusal(of: .declare(value: 0), by: seat) == "liap-tui/declare_zero") == needsOne)
        }
    }
}
