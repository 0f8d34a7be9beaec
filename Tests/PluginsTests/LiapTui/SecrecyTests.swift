import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: own hand only") struct SecrecyTests {
    static let viewers: [Viewer] = [.seat(0), .seat(1), .seat(2), .seat(3), .watcher]

    /// What lies where, followed from the log alone.
    struct Cards {
        var hands: [[String]] = [[], [], [], []]
        /// The plays of the running turn; a play is open when it is of the type that binds the turn.
        var table: [(seat: Int, pieces: [String], isOpen: Bool)] = []

        mutating func read(_ event: JSON) {
            func texts(_ json: JSON?) -> [String] { json?.elements?.compactMap(\.string) ?? [] }
            switch event["kind"]?.string {
            case "dealt": (hands, table) = ((event["hands"]?.elements ?? []).map(texts), [])
            case "played":
                let seat = Int(event["seat"]?.integer ?? 0)
                let pieces = texts(event["pieces"])
                for piece in pieces { hands[seat].remove(at: hands[seat].firstIndex(of: piece) ?? 0) }
                let form = Rulebook.form(of: pieces)?.type
                let binding = table.first.map { Rulebook.form(of: $0.pieces)?.type } ?? form
                table.append((seat, pieces, form != nil && form == binding))
            case "turn_ended": table = []
            default: break
            }
        }

        /// The pieces that a view for `viewer` holds, each as often as it may stand there.
        func known(to viewer: Viewer) -> [String] {
            (viewer.seat.map { hands[$0.index] } ?? [])
                + table.filter { $0.isOpen || viewer.seat?.index == $0.seat }.flatMap(\.pieces)
        }

        /// The pieces that the event just read may show to `viewer`.
        func shown(by event: JSON, to viewer: Viewer) -> [String] {
            switch event["kind"]?.string {
            case "dealt": viewer.seat.map { hands[$0.index] } ?? []
            case "played": table.last.map { $0.isOpen || viewer.seat?.index == $0.seat ? $0.pieces : [] } ?? []
            default: []
            }
        }
    }

    /// Every piece named anywhere in a text that goes to a client.
    static func pieces(in text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split { !($0.isUppercase || $0 == "_") }.map(String.init)
            .filter { (try? Rulebook.points(of: $0)) != nil }.sorted()
    }

    @Test(arguments: UInt64(5000)..<5012) func `no view of a whole game names a piece its viewer may not know`(
        seed: UInt64
    ) throws {
        var match = try Match<LiapTui>()
        var cards = Cards()
        var step: UInt64 = 0
        while match.phase != .finished {
            let key = GameRandom.Key.seeded(seed, step: step)
            let now = Timestamp(unixMilliseconds: 0)
            let seat = LiapTui.waitingOn(match.state)?.seats.first
            let acted = try seat.flatMap { try match.botStep(for: $0, at: now, key: key) }
            let outcome = try acted ?? match.step(.start, at: now, key: key)
            let views = Self.viewers.map { outcome.views(for: $0) }
            for (index, event) in outcome.events.enumerated() {
                let log = try JSON(parsing: FlatEncoder.encode(event))
                cards.read(log)
                for (viewer, views) in zip(Self.viewers, views) {
                    let shown = Self.pieces(in: try FlatEncoder.encode(views[index]))
                    #expect(shown == cards.shown(by: log, to: viewer).sorted(), "\(viewer), step \(step)")
                    let view = LiapTui.view(of: outcome.states[index], for: viewer)
                    let known = Self.pieces(in: try FlatEncoder.encode(view))
                    #expect(known == cards.known(to: viewer).sorted(), "\(viewer), step \(step)")
                }
            }
            match = outcome.match
            step += 1
        }
        #expect(step > 40)
    }

    @Test func `what a bot remembers is what its seat has seen`() throws {
        var table = try Table.started(seed: 8)
        while table.match.phase == .playing {
            for seat in Seat.order(from: 0) {
                let hidden = table.state.past.filter { !$0.isFaceUp && $0.seat != seat }.flatMap(\.pieces)
                let past = table.state.past.flatMap(\.pieces)
                #expect(table.view(for: seat).seen.sorted() == past.removing(hidden)?.sorted())
            }
            try table.bot()
        }
    }

    @Test func `refusals name no piece of a hand`() {
        var table = Table()
        table.fold(hands: TurnTests.hands, starter: 0)
        #expect(throws: LiapTui.rule("not_in_hand", "your hand does not hold all of these")) {
            try table.act(.play(pieces: [.generalRed]), by: 0)
        }
    }
}
