import GameServer
import TestSupport
import Testing

@Suite("The log in memory: failing on demand") struct MemoryEventStoreTests {
    @Test func `an unknown append is settled by sending it again, whether it was written or not`() throws {
        for fault in [MemoryEventStore.Fault.unknownWritten, .unknownNotWritten] {
            let store = MemoryEventStore()
            var writer = RoomWriter(1)
            try writer.commit(to: store)
            store.fail(fault)
            #expect(try store.appended(writer.next()) == .unknown)
            #expect(try store.claimed(writer.room).records.count == (fault == .unknownWritten ? 2 : 1))
            writer.term = 2
            #expect(try store.appended(writer.next()) == .committed)
            #expect(try store.claimed(writer.room).records.count == 2)
        }
    }

    @Test func `unavailable writes nothing, fenced means that somebody else claimed the room`() throws {
        let store = MemoryEventStore()
        var writer = RoomWriter(1)
        try writer.commit(to: store)
        store.fail(.unavailable, .fenced)
        #expect(try store.appended(writer.next()) == .unavailable)
        #expect(try store.appended(writer.next()) == .fenced(term: 2))
        #expect(try store.appended(writer.next()) == .fenced(term: 2))
        let claim = try store.claimed(writer.room)
        #expect(claim.term == 3)
        #expect(claim.records.count == 1)
    }

    @Test func `a store out of reach answers nothing and forgets nothing`() throws {
        let store = MemoryEventStore()
        var writer = RoomWriter(1)
        try writer.commit(to: store)
        store.setReachable(false)
        #expect(try store.appended(writer.next()) == .unavailable)
        #expect(try store.claiming(writer.room).wait() == .unavailable)
        #expect(try store.records(writer.room) == .unavailable)
        #expect(try store.rooms() == .unavailable)
        store.setReachable(true)
        try writer.commit(to: store)
        #expect(try store.claimed(writer.room).records.count == 2)
    }

    @Test func `a crash keeps what was committed and nothing of what the old process does after it`() throws {
        let store = MemoryEventStore()
        var writer = RoomWriter(1)
        try writer.commit(to: store)
        store.fail(.unavailable)
        let next = store.afterCrash()
        try writer.commit(to: next)
        #expect(try store.claimed(writer.room).records.count == 1)
        #expect(try next.claimed(writer.room).records.count == 2)
    }
}
