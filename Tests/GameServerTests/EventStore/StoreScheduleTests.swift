import GameServer
import PluginAPI
import TestSupport
import Testing

@Suite("The log: any schedule") struct StoreScheduleTests {
    /// What a store must have remembered, in the simplest form that can be right.
    private struct Model {
        var terms: [RoomID: UInt64] = [:]
        var records: [RoomID: [StoredRecord]] = [:]

        mutating func append(_ append: Append) -> AppendOutcome {
            let log = records[append.room] ?? []
            if log.contains(append.stored) { return .committed }
            if let term = terms[append.room], term != append.term { return .fenced(term: term) }
            guard append.number == log.count + 1, log.isEmpty == (terms[append.room] == nil),
                !log.isEmpty || append.term == 1
            else { return .conflict(head: log.count) }
            terms[append.room] = append.term
            records[append.room] = log + [append.stored]
            return .committed
        }

        mutating func claim(_ room: RoomID) -> ClaimOutcome {
            guard let term = terms[room] else { return .notFound }
            terms[room] = term + 1
            return .claimed(Claim(term: term + 1, snapshot: nil, records: records[room] ?? []))
        }

        func read(_ room: RoomID, after sequence: Int, limit: Int) -> ReadOutcome {
            guard let log = records[room] else { return .notFound }
            let ends = log.map { $0.firstSequence + $0.eventCount - 1 }
            let missed = zip(log, ends).filter { $0.0.eventCount > 0 && $0.1 > sequence }.map(\.0)
            return .records(Array(missed.prefix(limit)), head: ends.last ?? 0)
        }
    }

    /// One question on its way, with the answer it must get.
    private enum Asked {
        case append(Reply<AppendOutcome>, AppendOutcome)
        case claim(Reply<ClaimOutcome>, ClaimOutcome)
    }

    @Test(arguments: StoreKind.allCases, [1, 2, 3, UInt64.random(in: 4...UInt64(UInt32.max))])
    func `owners that race, repeat themselves and lose their way get the answers of the model`(
        kind: StoreKind, seed: UInt64
    ) throws {
        let fixture = try StoreUnderTest(kind)
        var random = GameRandom(seed: seed)
        var model = Model()
        // Several owners per room, each with its own idea of where the room is.
        var owners = (0..<9).map { RoomWriter(UInt64($0 % 3 + 1)) }
        for _ in 0..<60 {
            var asked: [Asked] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let index = owners.indices.randomElement(using: &random) ?? 0
                let room = owners[index].room
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    asked.append(.claim(fixture.store.claiming(room, retaining: 1_000), model.claim(room)))
                case 1:
                    // A read sees what was answered before it was asked, and may see more.
                    for case .append(let reply, _) in asked { _ = try reply.wait() }
                    let after = Int.random(in: 0...40, using: &random)
                    let limit = Int.random(in: 1...8, using: &random)
                    let reply = Reply<ReadOutcome>()
                    fixture.store.read(room, after: after, limit: limit) { reply($0) }
                    #expect(try reply.wait() == model.read(room, after: after, limit: limit))
                case 2, 3:
                    // Learns where the room is, as an owner does by claiming it.
                    owners[index].term = model.terms[room] ?? 1
                    if let last = model.records[room]?.last {
                        owners[index].number = last.number
                        owners[index].sequence = last.firstSequence + last.eventCount - 1
                        owners[index].digest = last.digest
                    }
                default:
                    let append = owners[index].next(
                        events: Int.random(in: 0...3, using: &random),
                        payload: [UInt8.random(in: 0...3, using: &random)])
                    let expected = model.append(append)
                    asked.append(.append(fixture.store.appending(append), expected))
                    if expected == .committed && Int.random(in: 0..<4, using: &random) > 0 {
                        owners[index].accept(append)
                    }
                }
            }
            for question in asked {
                switch question {
                case .append(let reply, let expected): #expect(try reply.wait() == expected)
                case .claim(let reply, let expected): #expect(try reply.wait() == expected)
                }
            }
            if Int.random(in: 0..<15, using: &random) == 0 { try fixture.restart() }
        }
        for (room, records) in model.records {
            #expect(try fixture.store.claimed(room).records == records)
            if let store = fixture.store as? SQLiteEventStore {
                #expect(try store.verified(room) == .sound(records: records.count))
            }
        }
    }
}
