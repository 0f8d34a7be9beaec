import PluginAPI

/// A cleanup at work: one small step at a time, each a transaction of the caller's. A dry run takes the same steps and
/// only counts.
struct CleanupRun {
    private enum Stage {
        case expired, aged, oversizedRooms, oversizedRecords, systemEvents, freePages, over
    }

    let request: CleanupRequest
    private(set) var report: CleanupReport
    /// Rooms that went whole in the last step.
    private(set) var deleted: [RoomID] = []
    private let retention: SnapshotRetention
    private let maxSystemEvents: Int
    private let goneBefore: Timestamp
    private let cutoff: Timestamp
    private var stage = Stage.expired
    private var place: CleanupTables.Place?
    private var room: RoomID?
    private var trims: [RoomID: RoomTrim] = [:]
    private var damaged: [RoomID: Int] = [:]

    /// Free pages that stay, for what is written next, as a share of all and at least.
    private static let keptFree = (share: 10, pages: 256)
    /// Free pages given back in one step.
    private static let freedPages = 256

    init(_ request: CleanupRequest, options: SQLiteOptions) {
        self.request = request
        report = CleanupReport(isDryRun: request.dryRun)
        retention = SnapshotRetention(events: options.retainedEvents)
        maxSystemEvents = options.maxSystemEvents
        goneBefore = request.now.before(options.goneFor)
        cutoff = request.now.before(request.olderThan)
    }

    var isOver: Bool { stage == .over }

    /// Rooms that were found damaged, with the first damaged record.
    var damagedRooms: [RoomID: Int] { damaged }

    /// Deletes, or counts, about `maxRecords` further records.
    mutating func step(_ database: StoreDatabase, maxRecords: Int) throws(SQLiteFailure) {
        deleted = []
        let isStageOver =
            switch stage {
            case .expired: try deleteClosed(before: min(goneBefore, cutoff), database, maxRecords)
            case .aged: try trimLiving(before: cutoff, database, maxRecords)
            case .oversizedRooms: try deleteClosed(before: goneBefore, database, maxRecords)
            case .oversizedRecords: try trimLiving(before: request.now, database, maxRecords)
            case .systemEvents: try deleteSystemEvents(database, maxRecords)
            case .freePages: try freePages(database)
            case .over: true
            }
        guard isStageOver else { return }
        room = nil
        stage =
            switch stage {
            case .expired: .aged
            case .aged: .oversizedRooms
            case .oversizedRooms: .oversizedRecords
            case .oversizedRecords: .systemEvents
            case .systemEvents: .freePages
            case .freePages, .over: .over
            }
    }

    private func isSmallEnough(_ database: StoreDatabase) throws(SQLiteFailure) -> Bool {
        guard let limit = request.maxBytes else { return true }
        let pages = try database.cleaning.pages()
        // What a dry run would have freed is still there.
        return (pages.count - pages.free) * pages.bytes - (request.dryRun ? report.bytes : 0) <= limit
    }

    private mutating func count(_ weight: CleanupTables.Weight) {
        report.records += weight.records
        report.events += weight.events
        report.bytes += weight.bytes
    }

    // MARK: Closed rooms

    /// - Returns: whether no closed room is left, or the database is small enough.
    private mutating func deleteClosed(
        before instant: Timestamp, _ database: StoreDatabase, _ maxRecords: Int
    ) throws(SQLiteFailure) -> Bool {
        var budget = maxRecords
        while budget > 0 {
            if stage == .oversizedRooms, try isSmallEnough(database) { return true }
            guard let found = try database.cleaning.closed(after: place, before: instant) else { return true }
            let (records, isOver) = try deleteClosed(found.room, database, atMost: budget)
            if isOver { place = found }
            budget -= max(records, 1)
        }
        return false
    }

    /// Deletes a room, its beginning first: until the rest goes too, it is a room with a shorter history. A damaged record
    /// and all that come after it stay, as evidence.
    ///
    /// - Returns: records deleted, and whether nothing more is to be done about the room.
    private mutating func deleteClosed(
        _ room: RoomID, _ database: StoreDatabase, atMost budget: Int
    ) throws(SQLiteFailure) -> (records: Int, isOver: Bool) {
        guard damaged[room] == nil, let head = try database.rooms.head(of: room) else { return (0, true) }
        let trim = try beginning(of: room, database)
        let chain = try walk(room, from: trim, upTo: min(head.number, trim.number + budget), database)
        if damaged[room] == nil, chain.number == head.number {
            guard chain.ends(at: head) else {
                found(room, damagedAt: head.number)
                return (0, true)
            }
            try delete(room, from: trim, database)
        } else if chain.number > trim.number {
            try cut(room, from: trim, at: chain, database)
        }
        return (chain.number - trim.number, damaged[room] != nil || chain.number == head.number)
    }

    private mutating func delete(
        _ room: RoomID, from trim: RoomTrim, _ database: StoreDatabase
    ) throws(SQLiteFailure) {
        var weight = try database.cleaning.weigh(room, upTo: .max)
        if request.dryRun {
            weight -= try database.cleaning.weigh(room, upTo: trim.number)
        } else {
            try database.cleaning.delete(room)
            deleted.append(room)
        }
        count(weight)
        report.rooms += 1
    }

    // MARK: Living rooms

    /// - Returns: whether all rooms were looked at, or the database is small enough.
    private mutating func trimLiving(
        before instant: Timestamp, _ database: StoreDatabase, _ maxRecords: Int
    ) throws(SQLiteFailure) -> Bool {
        var budget = maxRecords
        while budget > 0 {
            if stage == .oversizedRecords, try isSmallEnough(database) { return true }
            guard let next = try database.cleaning.living(after: room) else { return true }
            let trimmed = try trim(next, before: instant, database, atMost: budget)
            if trimmed < budget { room = next }
            budget -= max(trimmed, 1)
        }
        return false
    }

    /// Trims a room up to the snapshot that the last `retention.events` events need, as far as its records are whole: a
    /// damaged record and all that come after it stay, as evidence.
    ///
    /// - Returns: records deleted.
    private mutating func trim(
        _ room: RoomID, before instant: Timestamp, _ database: StoreDatabase, atMost budget: Int
    ) throws(SQLiteFailure) -> Int {
        guard damaged[room] == nil, let head = try database.rooms.head(of: room) else { return 0 }
        let trim = try beginning(of: room, database)
        guard let end = try lastTrimmable(room, head, trim, before: instant, database) else { return 0 }
        let chain = try walk(room, from: trim, upTo: min(end, trim.number + budget), database)
        guard chain.number > trim.number else { return 0 }
        if trims[room] == nil { report.trimmedRooms += 1 }
        try cut(room, from: trim, at: chain, database)
        return chain.number - trim.number
    }

    private func lastTrimmable(
        _ room: RoomID, _ head: RoomHead, _ trim: RoomTrim, before instant: Timestamp, _ database: StoreDatabase
    ) throws(SQLiteFailure) -> Int? {
        let candidates = try database.rooms.snapshots(of: room).filter {
            $0.sequence <= head.sequence - retention.events && $0.number > trim.number
        }
        for candidate in candidates.reversed()
        where try database.rooms.snapshot(candidate.number, of: room) != nil {
            let last = try database.cleaning.lastRecord(
                of: room, above: trim.number, upTo: candidate.number, before: instant)
            return last > trim.number ? last : nil
        }
        return nil
    }

    // MARK: The records of a room

    /// Where what is left of a room begins, also for a dry run. Somebody else may have cut it since.
    private func beginning(of room: RoomID, _ database: StoreDatabase) throws(SQLiteFailure) -> RoomTrim {
        let stored = try database.rooms.trim(of: room)
        guard let counted = trims[room], counted.number > stored.number else { return stored }
        return counted
    }

    /// Goes along the records of a room, as far as they are whole.
    private mutating func walk(
        _ room: RoomID, from trim: RoomTrim, upTo last: Int, _ database: StoreDatabase
    ) throws(SQLiteFailure) -> RecordChain {
        var chain = RecordChain(after: trim)
        for record in try database.rooms.records(of: room, above: trim.number, limit: last - trim.number) {
            guard chain.accept(record) else { break }
        }
        if chain.number < last { found(room, damagedAt: chain.number + 1) }
        return chain
    }

    private mutating func found(_ room: RoomID, damagedAt number: Int) {
        damaged[room] = number
        report.damagedRooms += 1
    }

    /// Deletes, or counts, the records of a room up to the end of a chain.
    private mutating func cut(
        _ room: RoomID, from trim: RoomTrim, at chain: RecordChain, _ database: StoreDatabase
    ) throws(SQLiteFailure) {
        var weight = try database.cleaning.weigh(room, upTo: chain.number)
        if request.dryRun { weight -= try database.cleaning.weigh(room, upTo: trim.number) }
        let new = RoomTrim(number: chain.number, sequence: chain.sequence, digest: chain.digest)
        trims[room] = new
        if !request.dryRun {
            try database.cleaning.set(new, of: room)
            try database.cleaning.delete(room, upTo: new.number)
        }
        count(weight)
    }

    // MARK: The rest

    private mutating func deleteSystemEvents(
        _ database: StoreDatabase, _ maxRecords: Int
    ) throws(SQLiteFailure) -> Bool {
        let end = try database.system.last().number - maxSystemEvents
        guard let oldest = try database.system.events(above: 0, limit: 1).first?.number, oldest <= end else {
            return true
        }
        let last = request.dryRun ? end : min(end, oldest + maxRecords - 1)
        report.systemEvents += last - oldest + 1
        if !request.dryRun { try database.system.delete(upTo: last) }
        return last == end
    }

    private func freePages(_ database: StoreDatabase) throws(SQLiteFailure) -> Bool {
        let pages = try database.cleaning.pages()
        guard !request.dryRun, pages.free > max(pages.count / Self.keptFree.share, Self.keptFree.pages) else {
            return true
        }
        try database.connection.execute("PRAGMA incremental_vacuum(\(Self.freedPages))")
        // A database made by the first version cannot give pages back; they are used again.
        return try database.cleaning.pages().free == pages.free
    }
}
