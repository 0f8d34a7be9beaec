import PluginAPI
import Testing

@testable import LiapTui

extension LiapTuiVectors {
    func deck(_ vector: Vector) throws {
        #expect(try vector.integer("total") == Piece.deck.count)
        #expect(try vector.integer("per_colour") == Piece.deck.count { $0.isRed })
        #expect(try vector.integer("players") == LiapTui.seatCount)
        #expect(try vector.integer("hand_size") == LiapTui.handSize)
        if let sum = vector["sum_of_points"].integer { #expect(sum == Piece.deck.reduce(0) { $0 + $1.points }) }
        let kinds = try vector["pieces"].list()
        for kind in kinds {
            let piece = try (kind["piece"] ?? .null).asPiece()
            #expect(kind["points"]?.integer == Int64(piece.points))
            #expect(kind["copies"]?.integer == Int64(Piece.deck.count { $0 == piece }))
        }
        #expect(kinds.count == Set(Piece.deck).count)
        let table = try Table.started(seed: 1)
        #expect(table.state.players.flatMap(\.hand).sorted() == Piece.deck.sorted())
    }

    func weakHand(_ vector: Vector) throws {
        let hand = try vector.pieces("hand")
        #expect(LiapTui.isWeak(hand) == (try vector.bool("weak")))
        if let most = vector["max_points"].integer { #expect(hand.map(\.points).max() == Int(most)) }
    }

    func redeal(_ vector: Vector) throws {
        let order = try vector.seats("order")
        let before = try vector.integer("multiplier_before")
        let weak = try vector.seats("weak").sorted()
        var table = Table()
        // A multiplier above 1 means that the first of the order was granted a redeal; else they won a turn before.
        table.set { $0.lastTurnWinner = order.first }
        table.fold(.dealt(round: 2, multiplier: 1, hands: Table.plainHands, weak: weak))
        if before > 1 {
            table.fold(
                .redealt(starter: order[0], multiplier: before),
                .dealt(round: 2, multiplier: before, hands: Table.plainHands, weak: weak))
        }
        #expect(Seat.order(from: table.state.starter) == order)
        var events: [LiapTui.Event] = []
        for vote in vector["decisions"].members ?? [] where vote.value != "timeout" {
            let seat = try JSON.string(vote.key).asSeat()
            let action = LiapTui.Action.voteRedeal(accept: vote.value == "accept")
            if weak.contains(seat) {
                events += try table.act(action, by: seat)
            } else {
                #expect(table.refusal(of: action, by: seat) == "not_your_turn")
            }
        }
        // Who is silent until the time is over has declined.
        if !table.state.weak.isEmpty, events.redealt == nil { events += try table.run(.timer(LiapTui.voteTimer)) }
        let redealt = events.redealt
        #expect((redealt != nil) == (try vector.bool("redeal")))
        #expect(redealt?.starter == (try? vector.seat("starter")))
        #expect(table.state.multiplier == (try vector.integer("multiplier_after")))
        let orderAfter = redealt.map { Seat.order(from: $0.starter) } ?? events.roundStarted?.order
        #expect(orderAfter == (try vector.seats("order_after")))
    }

    func redealChain(_ vector: Vector) throws {
        var table = Table()
        var last: (starter: Seat, multiplier: Int)?
        let steps = try vector["after_each"].list()
        for (accepter, after) in zip(try vector.seats("accepted"), steps) {
            // Whatever was dealt: this seat is weak now.
            table.fold(
                .dealt(round: 1, multiplier: table.state.multiplier, hands: Table.plainHands, weak: [accepter]))
            last = try table.act(.voteRedeal(accept: true), by: accepter).redealt
            #expect(last?.starter == accepter)
            #expect(last.map { Int64($0.multiplier) } == after["multiplier"]?.integer)
            let order = try (after["order"] ?? .null).list().map { try $0.asSeat() }
            #expect(last.map { Seat.order(from: $0.starter) } == order)
        }
        #expect(table.state.multiplier == (try vector.integer("final_multiplier")))
        #expect(table.state.redealBy == (try vector.seat("final_starter")))
    }

    func starter(_ vector: Vector) throws {
        let (seat, reason) = LiapTui.starter(
            round: try vector.integer("round"), redealBy: try? vector.seat("redeal_by"),
            generalRedHolder: try? vector.seat("red_general"), lastTurnWinner: try? vector.seat("last_turn_winner"))
        #expect(seat == (try vector.seat("starter")))
        #expect(reason.rawValue == vector["reason"].string)
    }

    func playOrder(_ vector: Vector) throws {
        #expect(Seat.order(from: try vector.seat("starter")) == (try vector.seats("order")))
    }
}
