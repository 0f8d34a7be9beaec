import PluginAPI
import WebSocket

extension RoomReports {
    /// Most events of one answer; `recovery_info` says whether there are more.
    private static let maxEvents = 1000
    /// Most records read for one answer: they are decoded on the loop, while its games wait.
    private static let maxRecords = 200

    /// Reads the log itself, so closed rooms answer too. Raw: every hand is in it, for administrators only.
    func events(of room: String, since: String?, _ query: Query, _ answer: @escaping Answer) {
        guard let id = RoomID(room) else { return answer(.problem(.roomNotFound)) }
        let given = since ?? query.first { $0.name == "after" }?.value ?? "0"
        guard let after = Int(given), after >= 0 else {
            return answer(.problem(.badRequest("after is \(given.prefix(20)): a sequence number from 0")))
        }
        services.store.read(id, after: after, limit: Self.maxRecords) { outcome in
            switch outcome {
            case .records(let records, let head):
                do throws(StoredFormError) {
                    answer(.json(200, try Self.events(of: records, room: id, after: after, head: head)))
                } catch {
                    answer(.problem(500, "internal", error.message))
                }
            case .trimmed(let first, let head):
                // Nothing is left of what was asked for first: the page is empty and says where to go on.
                answer(.json(200, Self.trimmed(room: id, first: first, head: head)))
            case .notFound: answer(.problem(.roomNotFound))
            case .unavailable: answer(.problem(.storeUnavailable))
            }
        }
    }

    private static func trimmed(room: RoomID, first: Int, head: Int) -> JSON {
        [
            "room": .string(room.description), "event_count": .integer(0), "events": .array([]),
            "recovery_info": [
                "latest_sequence": .integer(Int64(head)), "has_more_events": .bool(first <= head),
                "first_sequence": .integer(Int64(first)),
            ],
        ]
    }

    private static func events(
        of records: [StoredRecord], room: RoomID, after: Int, head: Int
    ) throws(StoredFormError) -> JSON {
        var events: [JSON] = []
        var last = after
        for stored in records where events.count < maxEvents {
            let (record, raw) = try Record.decode(stored.payload)
            for (index, event) in raw.enumerated() {
                let sequence = record.firstSeq + index
                guard sequence > after, events.count < maxEvents else { continue }
                last = sequence
                events.append([
                    "seq": .integer(Int64(sequence)), "at": .integer(record.at.unixMilliseconds),
                    "record": .integer(Int64(record.record)), "event": event,
                ])
            }
        }
        return [
            "room": .string(room.description), "event_count": .integer(Int64(events.count)), "events": .array(events),
            "recovery_info": [
                "latest_sequence": .integer(Int64(head)), "has_more_events": .bool(last < head),
            ],
        ]
    }
}
