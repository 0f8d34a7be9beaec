import PluginAPI

/// What operators and the server itself ask of the log.
extension MemoryEventStore {
    public func note(_ event: SystemEvent, answer: @escaping @Sendable (NoteOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                guard event.bytes <= SystemEvent.maxBytes else {
                    return .tooLarge(bytes: event.bytes, limit: SystemEvent.maxBytes)
                }
                return .stored(number: Self.append(event, to: &contents.systemEvents))
            })
    }

    public func systemEvents(
        after number: Int, limit: Int, kind: SystemEvent.Kind?,
        answer: @escaping @Sendable (SystemEventsOutcome) -> Void
    ) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                let found = contents.systemEvents.lazy
                    .filter { $0.number > number && (kind == nil || $0.event.kind == kind) }
                    .prefix(max(limit, 1))
                return .events(Array(found), last: contents.systemEvents.last?.number ?? 0)
            })
    }

    public func verifySystemEvents(answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                var chain = SystemEventChain()
                for stored in contents.systemEvents where !chain.accept(stored) {
                    return .broken(number: chain.number.map { $0 + 1 } ?? stored.number)
                }
                return .sound(records: chain.count)
            })
    }

    public func cleanup(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                // A dry run does everything, to a copy.
                var copy = contents
                let report = clean(&copy, request)
                if !request.dryRun { contents = copy }
                return .done(report)
            })
    }

    public func statistics(now: Timestamp, answer: @escaping @Sendable (StatisticsOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                var statistics = StoreStatistics(at: now)
                let yesterday = now.before(.seconds(86_400))
                for room in contents.rooms.values {
                    let events = room.head.sequence - room.trim.sequence
                    statistics.rooms[room.summary.status, default: 0] += 1
                    statistics.records += room.records.count
                    statistics.events += events
                    statistics.eventsLastDay += room.events(since: yesterday)
                    statistics.snapshots += room.snapshots.count
                    statistics.databaseBytes += room.bytes
                    statistics.games[room.summary.game, default: .init()].rooms += 1
                    statistics.games[room.summary.game]?.records += room.records.count
                    statistics.games[room.summary.game]?.events += events
                }
                for stored in contents.systemEvents { statistics.systemEvents[stored.event.kind, default: 0] += 1 }
                statistics.oldestRecord = contents.rooms.values.compactMap(\.oldest).min()
                return .counted(statistics)
            })
    }

    public func health(answer: @escaping @Sendable (StoreHealth) -> Void) {
        var health = StoreHealth()
        health.isReachable = contents.withLock { $0.answers }
        if !health.isReachable { health.trouble = .other }
        answer(health)
    }

    /// Memory that is out of reach stays so.
    public func reopen(answer: @escaping @Sendable (ReopenOutcome) -> Void) {
        answer(contents.withLock { $0.isClosed ? .unavailable : $0.isReachable ? .reopened : .failed(.other) })
    }

    private static func append(_ event: SystemEvent, to events: inout [StoredSystemEvent]) -> Int {
        let number = (events.last?.number ?? 0) + 1
        events.append(StoredSystemEvent(number: number, event: event, continuing: events.last?.digest ?? .zero))
        return number
    }

    private func clean(_ contents: inout Contents, _ request: CleanupRequest) -> CleanupReport {
        var report = CleanupReport(isDryRun: request.dryRun)
        var trimmed: Set<RoomID> = []
        let gone = request.now.before(goneFor)
        let cutoff = request.now.before(request.olderThan)
        delete(closedBefore: min(cutoff, gone), whileAbove: nil, in: &contents, &report)
        trim(before: cutoff, whileAbove: nil, in: &contents, &report, &trimmed)
        if let limit = request.maxBytes {
            delete(closedBefore: gone, whileAbove: limit, in: &contents, &report)
            trim(before: request.now, whileAbove: limit, in: &contents, &report, &trimmed)
        }
        if !request.dryRun, let event = report.event(for: request) {
            _ = Self.append(event, to: &contents.systemEvents)
        }
        return report
    }

    private func delete(
        closedBefore cutoff: Timestamp, whileAbove limit: Int?, in contents: inout Contents,
        _ report: inout CleanupReport
    ) {
        let closed = contents.rooms.filter { $0.value.summary.status == .closed && $0.value.summary.changed < cutoff }
        for (id, room) in closed.sorted(by: { $0.value.summary.changed < $1.value.summary.changed }) {
            if let limit, contents.bytes <= limit { return }
            contents.rooms[id] = nil
            report.rooms += 1
            report.records += room.records.count
            report.events += room.head.sequence - room.trim.sequence
            report.bytes += room.bytes
        }
    }

    private func trim(
        before cutoff: Timestamp, whileAbove limit: Int?, in contents: inout Contents,
        _ report: inout CleanupReport, _ trimmed: inout Set<RoomID>
    ) {
        for (id, room) in contents.rooms where room.summary.status != .closed {
            if let limit, contents.bytes <= limit { return }
            guard let last = room.trimmable(before: cutoff, retention: retention) else { continue }
            guard var left = contents.rooms[id] else { continue }
            let gone = left.trim(upTo: last)
            contents.rooms[id] = left
            if trimmed.insert(id).inserted { report.trimmedRooms += 1 }
            report.records += gone.records
            report.events += gone.events
            report.bytes += gone.bytes
        }
    }
}

extension MemoryEventStore.Contents {
    fileprivate var bytes: Int { rooms.values.reduce(0) { $0 + $1.bytes } }
}
