import Observability
import PluginAPI

extension ServerSources {
    func history(
        of room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void
    ) {
        store.history(room, from: base, through: last, answer: answer)
    }

    // MARK: Statistics

    func storeStatistics(now: Timestamp, answer: @escaping Answer) {
        store.statistics(now: now) { [store] outcome in
            guard case .counted(let statistics) = outcome else {
                return answer(.unavailable("the store does not say what is in it"))
            }
            store.health { health in
                let status: JSON = .string(health.isReachable && health.trouble == nil ? "healthy" : "critical")
                let report: JSON = [
                    "success": true, "statistics": Self.json(statistics),
                    "health": [
                        "status": status, "database_accessible": .bool(health.isReachable),
                        "total_events": .integer(Int64(statistics.events)),
                        "current_sequence": .integer(Int64(statistics.events)),
                        "last_check": .string(statistics.at.rfc3339),
                        "trouble": health.trouble.map { .string($0.rawValue) } ?? .null,
                        "file": .string(health.file.rawValue), "wal_pages": .integer(Int64(health.walPages)),
                        "waiting_requests": .integer(Int64(health.waitingRequests)),
                        "foreign_writes": .integer(Int64(health.foreignWrites)),
                        "broken_rooms": .integer(Int64(health.brokenRooms)),
                        "free_disk_bytes": health.freeDiskBytes.map { .integer(Int64($0)) } ?? .null,
                    ],
                    "features": [
                        "persistence": true, "replay": true, "hash_chain": true, "cleanup": true,
                        "compression": false,
                    ],
                ]
                answer(.json(report.encoded()))
            }
        }
    }

    private static func json(_ statistics: StoreStatistics) -> JSON {
        func counts(_ members: [(String, Int)]) -> JSON {
            .object(members.sorted { $0.0 < $1.0 }.map { JSON.Member($0.0, .integer(Int64($0.1))) })
        }
        return [
            "total_events": .integer(Int64(statistics.events)),
            // Numbers are dense per room: all of them together are as many as there are events.
            "current_sequence": .integer(Int64(statistics.events)),
            "rooms_with_events": .integer(Int64(statistics.totalRooms)),
            "events_last_24h": .integer(Int64(statistics.eventsLastDay)),
            "room_stats": counts(statistics.rooms.map { ($0.key.rawValue, $0.value) }),
            "event_type_stats": counts(statistics.systemEvents.map { ($0.key.rawValue, $0.value) }),
            "games": .object(
                statistics.games.sorted { $0.key < $1.key }.map { game in
                    let figures = counts([
                        ("rooms", game.value.rooms), ("records", game.value.records), ("events", game.value.events),
                    ])
                    return JSON.Member(game.key, figures)
                }),
            "records": .integer(Int64(statistics.records)), "snapshots": .integer(Int64(statistics.snapshots)),
            "database_bytes": .integer(Int64(statistics.databaseBytes)),
            "free_bytes": .integer(Int64(statistics.freeBytes)), "wal_bytes": .integer(Int64(statistics.walBytes)),
            "bytes_per_event": statistics.bytesPerEvent.map { .number($0) } ?? .null,
            "oldest_record": statistics.oldestRecord.map { .integer($0.unixMilliseconds) } ?? .null,
        ]
    }

    // MARK: Cleaning up

    func cleanup(_ order: CleanupOrder, answer: @escaping Answer) {
        let request = CleanupRequest(
            olderThan: .seconds(3600 * order.olderThanHours), dryRun: order.isDryRun, now: order.now,
            actor: order.requester.actor, correlationID: order.requestID)
        store.cleanup(request) { outcome in
            switch outcome {
            case .done(let report): answer(.json(Self.json(report, order).encoded()))
            case .busy: answer(.refused("a cleanup is at work: one at a time"))
            case .unavailable: answer(.unavailable("the store cannot be written to"))
            }
        }
    }

    private static func json(_ report: CleanupReport, _ order: CleanupOrder) -> JSON {
        [
            "success": true, "deleted_events": .integer(Int64(report.events)),
            "older_than_hours": .integer(Int64(order.olderThanHours)), "dry_run": .bool(report.isDryRun),
            "cleanup_completed": .bool(!report.isDryRun), "deleted_rooms": .integer(Int64(report.rooms)),
            "trimmed_rooms": .integer(Int64(report.trimmedRooms)),
            "deleted_records": .integer(Int64(report.records)), "deleted_bytes": .integer(Int64(report.bytes)),
            "deleted_system_events": .integer(Int64(report.systemEvents)),
            "damaged_rooms": .integer(Int64(report.damagedRooms)), "took_ms": .integer(report.took.milliseconds),
        ]
    }

    // MARK: The server's own events

    func systemEvents(after number: Int, limit: Int, kind: String?, answer: @escaping Answer) {
        // One more tells whether there is another page.
        store.systemEvents(after: number, limit: limit + 1, kind: kind.map { SystemEvent.Kind(rawValue: $0) }) {
            guard case .events(let found, let last) = $0 else {
                return answer(.unavailable("the store does not answer"))
            }
            var report = ObjectText()
            report.add("events", json: found.prefix(limit).map(Self.text))
            report.add("has_more", found.count > limit)
            if found.count > limit { report.add("next", found[limit - 1].number) }
            report.add("latest", last)
            answer(.json(report.closed()))
        }
    }

    private static func text(_ stored: StoredSystemEvent) -> [UInt8] {
        var text = ObjectText()
        text.add("number", stored.number)
        text.add("at", Int(stored.event.at.unixMilliseconds))
        text.add("kind", stored.event.kind.rawValue)
        text.add("subject", stored.event.subject)
        text.add("actor", stored.event.actor)
        if let id = stored.event.correlationID { text.add("correlation_id", id) }
        text.add("body", json: Array(stored.event.body.utf8))
        text.add("digest", stored.digest.description)
        return text.closed()
    }
}
