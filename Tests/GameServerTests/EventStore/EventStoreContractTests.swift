import GameServer
import PluginAPI
import TestSupport
import Testing

@Suite("The log: what every store promises") struct EventStoreContractTests {
    @Test(arguments: StoreKind.allCases)
    func `records get contiguous numbers and come back as they were written`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(7)
        var written: [StoredRecord] = []
        for events in [1, 3, 0, 2] {
            written.append(try writer.commit(writer.next(events: events, payload: [UInt8(events)]), to: fixture.store))
        }
        #expect(written.map(\.firstSequence) == [1, 2, 5, 5])
        #expect(try fixture.store.claimed(writer.room).records == written)
        #expect(try fixture.store.records(writer.room) == .records(written.filter { $0.eventCount > 0 }, head: 6))
    }

    @Test(arguments: StoreKind.allCases)
    func `a wrong number is a conflict and the appends beside it are committed`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var gap = RoomWriter(1)
        try gap.commit(to: fixture.store)
        gap.number = 5
        let before = RoomWriter(2)
        let after = RoomWriter(3)
        let replies = [before.next(), gap.next(), after.next()].map(fixture.store.appending)
        #expect(try replies.map { try $0.wait() } == [.committed, .conflict(head: 1), .committed])
        #expect(try fixture.store.claimed(gap.room).records.count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `a sequence number that leaves a gap is a conflict`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        writer.sequence = 9
        #expect(try fixture.store.appended(writer.next()) == .conflict(head: 1))
    }

    @Test(arguments: StoreKind.allCases)
    func `only record 1 under term 1 makes a room`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var late = RoomWriter(1)
        late.number = 3
        #expect(try fixture.store.appended(late.next()) == .conflict(head: 0))
        var claimed = RoomWriter(1)
        claimed.term = 2
        #expect(try fixture.store.appended(claimed.next()) == .conflict(head: 0))
        #expect(try fixture.store.claiming(claimed.room).wait() == .notFound)
        #expect(try fixture.store.records(claimed.room) == .notFound)
    }

    @Test(arguments: StoreKind.allCases)
    func `two rooms cannot be made under one id`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var first = RoomWriter(1)
        try first.commit(first.next(payload: [1]), to: fixture.store)
        #expect(try fixture.store.appended(RoomWriter(1).next(payload: [2])) == .conflict(head: 1))
    }

    @Test(arguments: StoreKind.allCases)
    func `an old term is fenced for ever, also for what is already on its way`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var old = RoomWriter(1)
        try old.commit(to: fixture.store)
        let claim = fixture.store.claiming(old.room)
        let late = fixture.store.appending(old.next())
        guard case .claimed(let owner) = try claim.wait() else { throw NoReply() }
        #expect(owner.term == 2)
        #expect(try late.wait() == .fenced(term: 2))

        var new = old
        new.term = owner.term
        try new.commit(to: fixture.store)
        #expect(try fixture.store.appended(old.next()) == .fenced(term: 2))
        try fixture.restart()
        #expect(try fixture.store.appended(old.next()) == .fenced(term: 2))
    }

    @Test(arguments: StoreKind.allCases)
    func `of two claims the later one owns the room`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let claims = [fixture.store.claiming(writer.room), fixture.store.claiming(writer.room)]
        let terms = try claims.map { claim in
            guard case .claimed(let claim) = try claim.wait() else { throw NoReply() }
            return claim.term
        }
        #expect(terms == [2, 3])
        writer.term = 2
        #expect(try fixture.store.appended(writer.next()) == .fenced(term: 3))
        writer.term = 3
        #expect(try fixture.store.appended(writer.next()) == .committed)
    }

    @Test(arguments: StoreKind.allCases)
    func `a claim sees every append asked for before it`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        for _ in 0..<20 {
            let append = writer.next()
            _ = fixture.store.appending(append)
            writer.accept(append)
        }
        #expect(try fixture.store.claimed(writer.room).records.count == 20)
    }

    @Test(arguments: StoreKind.allCases)
    func `a chain of appends with a failure in the middle leaves no gap`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        var appends: [Append] = []
        for _ in 0..<8 {
            appends.append(writer.next())
            writer.accept(appends[appends.count - 1])
        }
        appends.remove(at: 3)
        let outcomes = try appends.map(fixture.store.appending).map { try $0.wait() }
        #expect(outcomes == Array(repeating: .committed, count: 3) + Array(repeating: .conflict(head: 3), count: 4))
        #expect(try fixture.store.claimed(writer.room).records.map(\.number) == [1, 2, 3])
    }

    @Test(arguments: StoreKind.allCases)
    func `a read begins in the middle of a record, exactly once and in order`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        var written: [StoredRecord] = []
        for events in [3, 0, 2, 4, 0, 1] {
            written.append(try writer.commit(writer.next(events: events), to: fixture.store))
        }
        for after in 0...11 {
            let expected = written.filter { $0.eventCount > 0 && $0.firstSequence + $0.eventCount - 1 > after }
            #expect(try fixture.store.records(writer.room, after: after) == .records(expected, head: 10))
            #expect(
                try fixture.store.records(writer.room, after: after, limit: 2)
                    == .records(Array(expected.prefix(2)), head: 10))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an identical append is committed once, also by an owner that was fenced since`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        let append = writer.next(payload: [9])
        let twice = [append, append].map(fixture.store.appending)
        #expect(try twice.map { try $0.wait() } == [.committed, .committed])
        writer.accept(append)
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.appended(append) == .committed)
        #expect(try fixture.store.claimed(writer.room).records.count == 2)
        // It was written: `fenced` would say that it was not.
        #expect(try fixture.store.appended(append) == .committed)
        #expect(try fixture.store.appended(writer.next()) == .fenced(term: 2))
    }

    @Test(arguments: StoreKind.allCases)
    func `a different record under a number that is taken is a conflict`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        let other = writer.next(payload: [2])
        try writer.commit(writer.next(payload: [1]), to: fixture.store)
        #expect(try fixture.store.appended(other) == .conflict(head: 1))
        #expect(try fixture.store.claimed(writer.room).records.map(\.payload) == [[1]])
    }

    @Test(arguments: StoreKind.allCases)
    func `payloads may be empty, binary or a megabyte`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(0xFF_FFFF_FFFF)
        let payloads: [[UInt8]] = [[], Array(0...255), Array(repeating: 0xA5, count: 1 << 20)]
        for payload in payloads { try writer.commit(writer.next(events: 0, payload: payload), to: fixture.store) }
        fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([]))
        try fixture.restart()
        #expect(try fixture.store.claimed(writer.room, retaining: 1).records.map(\.payload) == payloads)
        #expect(try fixture.store.claimed(writer.room).snapshot == writer.snapshot([]))
    }

    @Test(arguments: StoreKind.allCases)
    func `after a restart everything answered is there`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writers = (1...5).map { RoomWriter($0) }
        for round in 1...4 {
            for index in writers.indices { try writers[index].commit(to: fixture.store) }
            try fixture.restart()
            for writer in writers {
                guard case .records(let records, let head) = try fixture.store.records(writer.room) else {
                    throw NoReply()
                }
                #expect(head == round)
                #expect(records.last?.digest == writer.digest)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a closed store finishes what it was asked and refuses the rest`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        var replies: [Reply<AppendOutcome>] = []
        for _ in 0..<50 {
            let append = writer.next()
            replies.append(fixture.store.appending(append))
            writer.accept(append)
        }
        fixture.store.close()
        #expect(replies.allSatisfy { $0.now == .committed })
        #expect(try fixture.store.appended(writer.next()) == .unavailable)
        #expect(try fixture.store.claiming(writer.room).wait() == .unavailable)
        #expect(try fixture.store.records(writer.room) == .unavailable)
        #expect(try fixture.store.rooms() == .unavailable)
        fixture.store.close()
    }
}
