import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log: snapshots and the directory") struct StoreSnapshotTests {
    @Test(arguments: StoreKind.allCases)
    func `a claim gets the newest snapshot that leaves the events it retains`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        var snapshots: [Snapshot] = []
        for _ in 1...10 {
            try writer.commit(writer.next(events: 2), to: fixture.store)
            snapshots.append(writer.snapshot([UInt8(writer.number)]))
            fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([UInt8(writer.number)]))
        }
        // Without one that lies 300 below the head, the gaps between them decide: the first and the two newest stay.
        let all = try fixture.store.claimed(writer.room, retaining: 0)
        #expect(all.snapshot == snapshots[9])
        #expect(all.records.isEmpty)
        let two = try fixture.store.claimed(writer.room, retaining: 2)
        #expect(two.snapshot == snapshots[8])
        #expect(two.records.map(\.number) == [10])
        let three = try fixture.store.claimed(writer.room, retaining: 3)
        #expect(three.snapshot == snapshots[0])
        #expect(three.records.map(\.number) == Array(2...10))
        let everything = try fixture.store.claimed(writer.room, retaining: 19)
        #expect(everything.snapshot == nil)
        #expect(everything.records.count == 10)
    }

    @Test(arguments: StoreKind.allCases)
    func `a snapshot of an old owner, or of what is not there, is not stored`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.claimed(writer.room).term == 2)
        #expect(try fixture.store.checkpointed(writer.room, term: 1, writer.snapshot()) == .unavailable)
        var ahead = writer
        ahead.number = 2
        #expect(try fixture.store.checkpointed(writer.room, term: 2, ahead.snapshot()) == .unavailable)
        #expect(try fixture.store.checkpointed(RoomID(raw: 2), term: 1, writer.snapshot()) == .unavailable)
        #expect(try fixture.store.claimed(writer.room).snapshot == nil)
        #expect(try fixture.store.checkpointed(writer.room, term: 3, writer.snapshot()) == .stored)
        #expect(try fixture.store.claimed(writer.room).snapshot == writer.snapshot())
    }

    @Test(arguments: StoreKind.allCases)
    func `in a long game few snapshots are kept and one always reaches back`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        for _ in 1...90 {
            let append = writer.next(events: 10)
            _ = fixture.store.appending(append)
            writer.accept(append)
            fixture.store.checkpoint(writer.room, term: writer.term, writer.snapshot())
        }
        let claim = try fixture.store.claimed(writer.room, retaining: 300)
        let snapshot = try #require(claim.snapshot)
        #expect(snapshot.sequence <= 600)
        #expect(snapshot.sequence >= 600 - 300 / 4)
        #expect(claim.records.first?.number == snapshot.number + 1)
    }

    @Test func `retention keeps the two newest, an anchor, and gaps of at most a quarter`() {
        let retention = SnapshotRetention(events: 300)
        var kept: [(number: Int, sequence: Int)] = []
        for head in 1...5_000 {
            kept.append((number: head, sequence: head))
            let surplus = Set(retention.surplus(of: kept, headSequence: head))
            kept.removeAll { surplus.contains($0.number) }
            #expect(kept.suffix(2).map(\.sequence) == Array([head - 1, head].filter { $0 > 0 }))
            #expect(kept.count <= 12)
            let anchor = kept.last { $0.sequence <= head - 300 }
            #expect(head <= 300 || (anchor?.sequence ?? 0) >= head - 300 - 75)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the directory lists what is open, and what was closed since`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        let statuses: [(RoomSummary.Status, changed: Int64)] = [
            (.waiting, 10), (.playing, 20), (.finished, 30), (.closed, 40), (.closed, 50),
        ]
        var summaries: [RoomSummary] = []
        for (index, (status, changed)) in statuses.enumerated() {
            var writer = RoomWriter(UInt64(index + 1))
            let append = writer.next(status: status, changed: changed, creator: index == 1 ? "c0ffee" : nil)
            try writer.commit(append, to: fixture.store)
            summaries.append(append.summary)
        }
        try fixture.restart()
        #expect(try fixture.store.rooms(closedAfter: 51) == .rooms(Array(summaries[..<3])))
        #expect(try fixture.store.rooms(closedAfter: 50) == .rooms([0, 1, 2, 4].map { summaries[$0] }))
        #expect(try fixture.store.rooms(closedAfter: 0) == .rooms(summaries))
    }

    @Test(arguments: StoreKind.allCases)
    func `the directory has the summary of the last record that was committed`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        try writer.commit(writer.next(status: .waiting, changed: 1, creator: "c0ffee"), to: fixture.store)
        try writer.commit(writer.next(status: .playing, changed: 2, creator: "c0ffee"), to: fixture.store)
        // Only these two change from one record of a game to the next.
        var last = writer.next(status: .playing, changed: 3, creator: "c0ffee")
        last.summary.nextDeadline = nil
        try writer.commit(last, to: fixture.store)
        #expect(try fixture.store.appended(RoomWriter(1).next(payload: [7], status: .closed)) == .conflict(head: 3))
        #expect(try fixture.store.rooms() == .rooms([last.summary]))
    }
}
