import PluginAPI

/// Follows the log of a game, as flat JSON, and calls every foul.
///
/// Written from the text of the rules and from nothing else: it shares no code with the game, so that a mistake must
/// be made twice to go unseen.
struct Referee {
    struct Foul: Error, CustomStringConvertible {
        let description: String
    }

    let scoreLimit: Int
    let roundLimit: Int
    let multipliesBonus: Bool

    private(set) var roundsPlayed = 0
    private(set) var isOver = false
    private(set) var totals = [0, 0, 0, 0]
    private var expected: Set = ["dealt"]
    private var round = 0
    private var multiplier = 1
    private var hands: [[String]] = []
    private var weak: [Int] = []
    private var votes: [Int: Bool] = [:]
    private var redealBy: Int?
    private var lastWinner: Int?
    private var order: [Int] = []
    private var declared: [Int: Int] = [:]
    private var zeroStreaks = [0, 0, 0, 0]
    private var captured = [0, 0, 0, 0]
    private var leader = 0
    private var table: [(seat: Int, pieces: [String])] = []

    init(scoreLimit: Int, roundLimit: Int, multipliesBonus: Bool) {
        self.scoreLimit = scoreLimit
        self.roundLimit = roundLimit
        self.multipliesBonus = multipliesBonus
    }

    mutating func read(_ event: JSON) throws {
        let kind = event["kind"]?.string ?? "?"
        try require(expected.contains(kind), "\(kind) where \(expected.sorted()) may follow")
        switch kind {
        case "dealt": try dealt(event)
        case "redeal_voted": try voted(event)
        case "redealt": try redealt(event)
        case "round_started": try roundStarted(event)
        case "declared": try declared(event)
        case "played": try played(event)
        case "turn_ended": try turnEnded(event)
        case "round_ended": try roundEnded(event)
        case "game_ended": try gameEnded(event)
        default: throw Foul(description: "unknown event \(kind)")
        }
    }

    // MARK: Dealing

    private mutating func dealt(_ event: JSON) throws {
        hands = try (event["hands"] ?? .null).lists().map { try $0.strings() }
        try require(hands.map(\.count) == [8, 8, 8, 8], "hands of \(hands.map(\.count))")
        try require(hands.flatMap(\.self).sorted() == Rulebook.deck, "the hands are not the deck")
        for hand in hands {
            let points = try hand.map { try Rulebook.points(of: $0) }
            try require(points == points.sorted(by: >), "a hand is not sorted")
        }
        if redealBy == nil || votes.isEmpty {
            round += 1
            multiplier = 1
            redealBy = nil
            declared = [:]
            captured = [0, 0, 0, 0]
        }
        votes = [:]
        try require(event["round"] == .integer(Int64(round)), "round is not \(round)")
        try require(event["multiplier"] == .integer(Int64(multiplier)), "multiplier is not \(multiplier)")
        weak = try (0..<4).filter { seat in try hands[seat].allSatisfy { try Rulebook.points(of: $0) < 10 } }
        try require(try (event["weak"] ?? .null).integers() == weak, "the weak are \(weak)")
        expected = weak.isEmpty ? ["round_started"] : ["redeal_voted"]
    }

    private mutating func voted(_ event: JSON) throws {
        let seat = try event.integer("seat")
        try require(weak.contains(seat) && votes[seat] == nil, "seat \(seat) may not vote")
        votes[seat] = event["accept"]?.bool
        if votes.count == weak.count { expected = votes.values.contains(true) ? ["redealt"] : ["round_started"] }
    }

    private mutating func redealt(_ event: JSON) throws {
        let first = redealBy ?? lastWinner ?? 0
        let accepter = (0..<4).map { (first + $0) % 4 }.first { votes[$0] == true }
        try require(try event.integer("starter") == accepter, "seat \(accepter ?? -1) asked first")
        multiplier += 1
        try require(try event.integer("multiplier") == multiplier, "multiplier is not \(multiplier)")
        redealBy = accepter
        expected = ["dealt"]
    }

    private mutating func roundStarted(_ event: JSON) throws {
        let general = hands.firstIndex { $0.contains("GENERAL_RED") }
        let starter: Int
        let reason: String
        if let redealBy {
            (starter, reason) = (redealBy, "accepted_redeal")
        } else if round == 1, let general {
            (starter, reason) = (general, "has_general_red")
        } else if let lastWinner {
            (starter, reason) = (lastWinner, "won_last_turn")
        } else {
            (starter, reason) = (0, "default")
        }
        order = (0..<4).map { (starter + $0) % 4 }
        try require(try event.integer("starter") == starter, "seat \(starter) begins")
        try require(event["reason"]?.string == reason, "the reason is \(reason)")
        try require(try (event["order"] ?? .null).integers() == order, "the order is \(order)")
        try require(try event.integer("round") == round, "round is not \(round)")
        leader = starter
        votes = [:]
        expected = ["declared"]
    }

    // MARK: Playing

    private mutating func declared(_ event: JSON) throws {
        let seat = try event.integer("seat")
        let value = try event.integer("value")
        try require(seat == order[declared.count], "seat \(seat) declares out of turn")
        try require((0...8).contains(value), "declared \(value)")
        try require(value > 0 || zeroStreaks[seat] < 2, "a third zero in a row")
        declared[seat] = value
        zeroStreaks[seat] = value > 0 ? 0 : zeroStreaks[seat] + 1
        if declared.count == 4 {
            try require(declared.values.reduce(0, +) != 8, "declared 8 in all")
            expected = ["played"]
        }
    }

    private mutating func played(_ event: JSON) throws {
        let seat = try event.integer("seat")
        let pieces = try (event["pieces"] ?? .null).strings()
        try require(seat == (leader + table.count) % 4, "seat \(seat) plays out of turn")
        try require((1...6).contains(pieces.count), "\(pieces.count) pieces")
        try require(try event.integer("count") == pieces.count, "count is not \(pieces.count)")
        for piece in pieces {
            guard let index = hands[seat].firstIndex(of: piece) else {
                throw Foul(description: "seat \(seat) does not hold \(piece)")
            }
            hands[seat].remove(at: index)
        }
        let form = Rulebook.form(of: pieces)
        if let lead = table.first {
            try require(pieces.count == lead.pieces.count, "\(pieces.count) pieces on \(lead.pieces.count)")
            let type = form?.type == Rulebook.form(of: lead.pieces)?.type ? form?.type : nil
            try require(event["play"]?.string == type ?? "DISCARD", "the play is \(type ?? "DISCARD")")
        } else {
            try require(form != nil, "led with nothing")
            try require(event["play"]?.string == form?.type, "the play is \(form?.type ?? "?")")
        }
        table.append((seat, pieces))
        if table.count == 4 { expected = ["turn_ended"] }
    }

    private mutating func turnEnded(_ event: JSON) throws {
        let forms = table.map { Rulebook.form(of: $0.pieces) }
        var winning = 0
        for (place, form) in forms.enumerated().dropFirst() {
            guard let form, let best = forms[winning], form.type == best.type else { continue }
            if form.strength > best.strength { winning = place }
        }
        let winner = table[winning].seat
        let piles = table[0].pieces.count
        captured[winner] += piles
        try require(try event.integer("winner") == winner, "seat \(winner) won the turn")
        try require(try event.integer("piles") == piles, "it is worth \(piles) piles")
        try require(try (event["captured"] ?? .null).integers() == captured, "the piles stand \(captured)")
        leader = winner
        lastWinner = winner
        table = []
        expected = hands.allSatisfy(\.isEmpty) ? ["round_ended"] : ["played"]
    }

    // MARK: Scoring

    private mutating func roundEnded(_ event: JSON) throws {
        try require(captured.reduce(0, +) == 8, "\(captured) piles in a round")
        let scores = try (event["scores"] ?? .null).lists()
        try require(scores.count == 4, "\(scores.count) scores")
        for (seat, score) in scores.enumerated() {
            let aim = declared[seat] ?? -1
            let missed = abs(aim - captured[seat])
            let base = missed > 0 ? -missed : aim == 0 ? 3 : aim + 5
            let gained =
                if missed > 0 || multipliesBonus { base * multiplier } else if aim == 0 { 3 } else {
                    aim * multiplier + 5
                }
            totals[seat] += gained
            let line = JSON.object([
                .init("seat", .integer(Int64(seat))), .init("declared", .integer(Int64(aim))),
                .init("captured", .integer(Int64(captured[seat]))), .init("base", .integer(Int64(base))),
                .init("multiplier", .integer(Int64(multiplier))), .init("gained", .integer(Int64(gained))),
                .init("total", .integer(Int64(totals[seat]))),
            ])
            try require(score == line, "seat \(seat) scores \(String(decoding: line.encoded(), as: UTF8.self))")
        }
        roundsPlayed += 1
        let ends = totals.contains { $0 >= scoreLimit } || round >= roundLimit
        expected = ends ? ["game_ended"] : ["dealt"]
    }

    private mutating func gameEnded(_ event: JSON) throws {
        let best = totals.max() ?? 0
        let winners = (0..<4).filter { totals[$0] == best }
        try require(try (event["winners"] ?? .null).integers() == winners, "the winners are \(winners)")
        let reason = totals.contains { $0 >= scoreLimit } ? "score_limit" : "round_limit"
        try require(event["reason"]?.string == reason, "the reason is \(reason)")
        let ranking = try (event["ranking"] ?? .null).lists()
        try require(try Set(ranking.map { try $0.integer("seat") }).count == 4, "a seat is missing in the ranking")
        var above = Int.max
        for place in ranking {
            let total = totals[try place.integer("seat")]
            try require(try place.integer("total") == total && total <= above, "the ranking is out of order")
            try require(try place.integer("rank") == 1 + totals.count { $0 > total }, "a rank is wrong")
            above = total
        }
        isOver = true
        expected = []
    }

    private func require(_ holds: Bool, _ foul: @autoclosure () -> String) throws {
        if !holds { throw Foul(description: "round \(round): \(foul())") }
    }
}

extension JSON {
    fileprivate func lists() throws -> [JSON] {
        guard let elements else { throw Referee.Foul(description: "expected a list") }
        return elements
    }

    fileprivate func integers() throws -> [Int] {
        try lists().map {
            guard let integer = $0.integer else { throw Referee.Foul(description: "expected a number") }
            return Int(integer)
        }
    }

    fileprivate func strings() throws -> [String] {
        try lists().map {
            guard let string = $0.string else { throw Referee.Foul(description: "expected a text") }
            return string
        }
    }

    fileprivate func integer(_ name: String) throws -> Int {
        guard let integer = self[name]?.integer else { throw Referee.Foul(description: "\(name) is no number") }
        return Int(integer)
    }
}
