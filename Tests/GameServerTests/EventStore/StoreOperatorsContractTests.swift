import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log: what every store promises to operators") struct StoreOperatorsContractTests {
    private func event(_ kind: SystemEvent.Kind, _ subject: String = "store", body: String = "{}") -> SystemEvent {
        SystemEvent(
            at: Timestamp(unixMilliseconds: 7), kind: kind, subject: subject, actor: "operator",
            correlationID: subject.isEmpty ? nil : "c-1", body: body)
    }

    private func request(
        olderThan milliseconds: Int64, at now: Int64, dryRun: Bool = false, maxBytes: Int? = nil
    ) -> CleanupRequest {
        CleanupRequest(
            olderThan: .milliseconds(milliseconds), dryRun: dryRun, now: Timestamp(unixMilliseconds: now),
            maxBytes: maxBytes, actor: "operator")
    }

    @Test(arguments: StoreKind.allCases)
    func `system events are numbered, chained and outlive a restart`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        let events = [event(.recoveryRun), event(.adminAction, ""), event(.recoveryRun, "Ä", body: #"{"a":"\""}"#)]
        #expect(try events.map(fixture.store.noted) == [1, 2, 3].map { .stored(number: $0) })
        try fixture.restart()
        #expect(try fixture.store.noted(event(.cleanup)) == .stored(number: 4))
        let stored = try fixture.store.events()
        #expect(stored.map(\.event) == events + [event(.cleanup)])
        #expect(stored.map(\.previous) == [.zero] + stored.dropLast().map(\.digest))
        #expect(try fixture.store.verifiedEvents() == .sound(records: 4))
        #expect(try fixture.store.events(after: 1, limit: 2).map(\.number) == [2, 3])
        #expect(try fixture.store.events(kind: .recoveryRun).map(\.number) == [1, 3])
        #expect(try fixture.store.events(after: 1, kind: .recoveryRun).map(\.number) == [3])
    }

    @Test(arguments: StoreKind.allCases)
    func `a system event beyond the ceiling is refused and says the limit`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        let long = event(.adminAction, body: String(repeating: " ", count: SystemEvent.maxBytes))
        #expect(try fixture.store.noted(long) == .tooLarge(bytes: long.bytes, limit: 65_536))
        #expect(try fixture.store.events() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `the directory can be read page by page, closed rooms too`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var summaries: [RoomSummary] = []
        for raw in UInt64(0)..<5 {
            var writer = RoomWriter(raw)
            let append = writer.next(status: raw == 2 ? .closed : .playing)
            summaries.append(append.summary)
            try writer.commit(append, to: fixture.store)
        }
        #expect(try fixture.store.page(limit: 2) == .rooms(Array(summaries[..<2])))
        #expect(try fixture.store.page(after: RoomID(raw: 1), limit: 2) == .rooms(Array(summaries[2..<4])))
        #expect(try fixture.store.page(after: RoomID(raw: 4), limit: 2) == .rooms([]))
    }

    @Test(arguments: StoreKind.allCases)
    func `a cleanup deletes closed rooms whole, unless they are young or still answer as gone`(
        kind: StoreKind
    ) throws {
        let fixture = try StoreUnderTest(kind)
        for (raw, status, changed) in [
            (UInt64(1), RoomSummary.Status.closed, Int64(1_000)), (2, .closed, 5_000), (3, .playing, 1_000),
            (4, .closed, 9_500),
        ] {
            var writer = RoomWriter(raw)
            for _ in 1...3 { try writer.commit(writer.next(events: 2, payload: [1, 2, 3, 4]), to: fixture.store) }
            fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([7]))
            try writer.commit(writer.next(payload: [5], status: status, changed: changed), to: fixture.store)
        }
        // Ten seconds; closed rooms answer as gone for one.
        var expected = CleanupReport(isDryRun: true)
        (expected.rooms, expected.records, expected.events, expected.bytes) = (1, 4, 7, 14)
        #expect(try fixture.store.cleaned(request(olderThan: 6_000, at: 10_000, dryRun: true)) == expected)
        #expect(try fixture.store.verified(RoomID(raw: 1)) == .sound(records: 4))
        expected.isDryRun = false
        #expect(try fixture.store.cleaned(request(olderThan: 6_000, at: 10_000)) == expected)
        #expect(try fixture.store.verified(RoomID(raw: 1)) == .notFound)
        #expect(try fixture.store.records(RoomID(raw: 1)) == .notFound)
        #expect(try fixture.store.claiming(RoomID(raw: 1)).wait() == .notFound)

        #expect(try fixture.store.cleaned(request(olderThan: 0, at: 10_000)).rooms == 1)
        #expect(try fixture.store.verified(RoomID(raw: 2)) == .notFound)
        for raw in UInt64(3)...4 { #expect(try fixture.store.verified(RoomID(raw: raw)) == .sound(records: 4)) }
        // The name is free again.
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.events(kind: .cleanup).map(\.event.actor) == ["operator", "operator"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a cleanup trims a living room to what a returning client may need`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind, retaining: 40)
        var writer = RoomWriter(1)
        for number in 1...200 {
            try writer.commit(writer.next(payload: [UInt8(number)], changed: Int64(number)), to: fixture.store)
            if number.isMultiple(of: 10) {
                fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([UInt8(number), 0]))
            }
        }
        let whole = try fixture.store.claimed(writer.room, retaining: 40)
        #expect(try fixture.store.cleaned(request(olderThan: 100, at: 150)).records == 49)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 151))
        #expect(try fixture.store.records(writer.room, after: 48) == .trimmed(first: 50, head: 200))
        guard case .records(let left, 200) = try fixture.store.records(writer.room, after: 49) else { throw NoReply() }
        #expect(left.map(\.number) == Array(50...200))

        let dry = try fixture.store.cleaned(request(olderThan: 0, at: 10_000, dryRun: true))
        var report = try fixture.store.cleaned(request(olderThan: 0, at: 10_000))
        #expect(report.trimmedRooms == 1 && report.records == 111 && report.events == 111 && report.rooms == 0)
        report.isDryRun = true
        #expect(report == dry)
        #expect(try fixture.store.cleaned(request(olderThan: 0, at: 10_000)).records == 0)
        try fixture.restart()
        let claim = try fixture.store.claimed(writer.room, retaining: 40)
        #expect(claim.snapshot == whole.snapshot)
        #expect(claim.records == whole.records)
        // Asked for more than there is, it begins as early as it can.
        #expect(try fixture.store.claimed(writer.room, retaining: .max).snapshot == whole.snapshot)
        writer.term = 4
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 41))
        #expect(try fixture.store.counted(at: 1).records == 41)
    }

    @Test(arguments: StoreKind.allCases)
    func `a room without a snapshot to begin with is not trimmed`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind, retaining: 10)
        var writer = RoomWriter(1)
        for _ in 1...30 { try writer.commit(to: fixture.store) }
        // Too young: the last ten events could not be told again from it.
        fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
        #expect(try fixture.store.cleaned(request(olderThan: 0, at: 10_000)).records == 0)
        #expect(try fixture.store.claimed(writer.room, retaining: 10).records.count == 30)
    }

    @Test(arguments: StoreKind.allCases)
    func `above a size younger closed rooms go, oldest first, and then records`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind, retaining: 2)
        let payload = [UInt8](repeating: 1, count: 20_000)
        for raw in UInt64(1)...10 {
            var writer = RoomWriter(raw)
            for _ in 1...5 { try writer.commit(writer.next(payload: payload), to: fixture.store) }
            try writer.commit(writer.next(status: .closed, changed: Int64(raw)), to: fixture.store)
        }
        var living = RoomWriter(99)
        for _ in 1...10 {
            try living.commit(living.next(payload: payload, changed: 20_000), to: fixture.store)
            fixture.store.checkpoint(living.room, term: 1, living.snapshot([]))
        }
        // A million bytes in closed rooms, two hundred thousand in the living one.
        let some = try fixture.store.cleaned(request(olderThan: 1 << 40, at: 20_001, maxBytes: 700_000))
        #expect((4...6).contains(some.rooms) && some.trimmedRooms == 0)
        #expect(try fixture.store.verified(RoomID(raw: 1)) == .notFound)
        #expect(try fixture.store.verified(RoomID(raw: 10)) == .sound(records: 6))
        let rest = try fixture.store.cleaned(request(olderThan: 1 << 40, at: 20_001, maxBytes: 1))
        #expect(rest.rooms == 10 - some.rooms && rest.trimmedRooms == 1)
        #expect(try fixture.store.claimed(living.room, retaining: 2).records.map(\.number) == [9, 10])
    }

    @Test(arguments: StoreKind.allCases)
    func `what is counted is what is there`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        for (raw, status, changed) in [(UInt64(1), RoomSummary.Status.playing, Int64(100)), (2, .closed, 90_000_000)] {
            var writer = RoomWriter(raw)
            try writer.commit(writer.next(events: 3, changed: 50), to: fixture.store)
            try writer.commit(writer.next(events: 2, status: status, changed: changed), to: fixture.store)
            fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
        }
        for kind in [SystemEvent.Kind.adminAction, .adminAction, .cleanup] {
            #expect(try fixture.store.noted(event(kind)) != .unavailable)
        }
        let found = try fixture.store.counted(at: 90_000_001)
        #expect(found.rooms == [.playing: 1, .closed: 1])
        #expect(found.games == ["tic-tac-toe": .init(rooms: 2, records: 4, events: 10)])
        #expect(found.records == 4 && found.events == 10 && found.eventsLastDay == 2 && found.snapshots == 2)
        #expect(found.systemEvents == [.adminAction: 2, .cleanup: 1])
        #expect(found.oldestRecord == Timestamp(unixMilliseconds: 50))
        #expect(found.databaseBytes > 0 && (found.bytesPerEvent ?? 0) > 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a room can be taken over from its newest snapshot`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        for _ in 1...5 { try writer.commit(to: fixture.store) }
        fixture.store.checkpoint(writer.room, term: 1, writer.snapshot([1]))
        try writer.commit(to: fixture.store)
        let reply = Reply<ClaimOutcome>()
        fixture.store.claim(writer.room, from: .newestSnapshot) { reply($0) }
        guard case .claimed(let claim) = try reply.wait() else { throw NoReply() }
        #expect(claim.term == 2 && claim.snapshot?.number == 5 && claim.records.map(\.number) == [6])
        let none = Reply<ClaimOutcome>()
        fixture.store.claim(RoomID(raw: 9), from: .newestSnapshot) { none($0) }
        #expect(try none.wait() == .notFound)
    }

    @Test(arguments: StoreKind.allCases)
    func `a store that works says so, and mending it changes nothing`(kind: StoreKind) throws {
        let fixture = try StoreUnderTest(kind)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let health = try fixture.store.healthy()
        #expect(health.isReachable && health.trouble == nil && health.file == .same && health.brokenRooms == 0)
        #expect(try fixture.store.reopened() == .reopened)
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 2))
        fixture.store.close()
        #expect(try !fixture.store.healthy().isReachable)
        #expect(try fixture.store.reopened() == .unavailable)
    }
}
