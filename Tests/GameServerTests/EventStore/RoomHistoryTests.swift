import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log: what a room is rebuilt from") struct RoomHistoryTests {
    private func history(
        _ room: RoomID, from base: Int, through last: Int, of store: any EventStore
    ) throws -> HistoryOutcome {
        let reply = Reply<HistoryOutcome>()
        store.history(room, from: base, through: last) { reply($0) }
        return try reply.wait()
    }

    /// Ten records of two events, each followed by one without any; snapshots behind events 8 and 20.
    private func filled(_ kind: StoreKind) throws -> (StoreUnderTest, RoomWriter) {
        let fixture = try StoreUnderTest(kind, retaining: 10)
        var writer = RoomWriter(1)
        for pair in 1...10 {
            try writer.commit(writer.next(events: 2, payload: [UInt8(pair)]), to: fixture.store)
            try writer.commit(writer.next(events: 0, payload: [UInt8(100 + pair)]), to: fixture.store)
            if [4, 10].contains(pair) {
                fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([UInt8(pair)]))
            }
        }
        // Reading overtakes a snapshot that waits to be stored.
        _ = try fixture.store.verified(writer.room)
        try writer.commit(writer.next(events: 0), to: fixture.store)
        return (fixture, writer)
    }

    @Test(arguments: StoreKind.allCases)
    func `it begins with the newest snapshot that is not too young, and ends with the record wanted`(
        kind: StoreKind
    ) throws {
        let (fixture, writer) = try filled(kind)
        for (base, last, snapshot, records) in [
            (0, 0, nil, []), (7, 7, nil, 1...7), (8, 8, 8, []), (9, 9, 8, 9...9), (8, 12, 8, 9...12),
            (.max, .max, 20, 21...21), (19, .max, 8, 9...21),
        ] as [(Int, Int, Int?, any Collection<Int>)] {
            guard
                case .parts(let found, let parts, let head) = try history(
                    writer.room, from: base, through: last, of: fixture.store)
            else {
                Issue.record("nothing from \(base) through \(last)")
                continue
            }
            #expect(head == 20 && found?.sequence == snapshot)
            // One record more does no harm: whoever folds them stops before it.
            let numbers = parts.map(\.number)
            #expect(numbers.starts(with: Array(records)) && numbers.count <= records.count + 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `nobody is fenced by a look, and a room that is not there has no history`(kind: StoreKind) throws {
        let (fixture, writer) = try filled(kind)
        var owner = writer
        _ = try history(writer.room, from: 0, through: .max, of: fixture.store)
        try owner.commit(to: fixture.store)
        #expect(try history(RoomID(raw: 9), from: 0, through: .max, of: fixture.store) == .notFound)
    }
}
