import PluginAPI
import WebSocket

extension OperatorDesk {
    /// Most records read for one answer.
    private static let maxRecords = 500

    /// One event as operators get it.
    private struct Line {
        var sequence: Int
        /// Nil for one that cannot be read.
        var at: Timestamp?
        var record: Int
        var event: JSON
        /// Why it cannot be read.
        var fault: String?
    }

    /// What happened in a room: as stored for administrators, as a viewer saw it for everybody else.
    ///
    /// Reads the log itself, so closed rooms answer too.
    func events(_ question: DeskQuestion, _ reply: @escaping Reply) {
        guard let room = question.arguments.room("id") else {
            return reply(.problem(.roomNotFound, id: question.requestID))
        }
        let eyes: RequestedViewer?
        do throws(Refused) { eyes = try Self.eyes(question) } catch { return reply(error.response) }
        let since = question.arguments.text("since")
        let after = since.map { Int($0) ?? -1 } ?? question.arguments.integer("after") ?? 0
        guard after >= 0 else {
            let message = "since is \((since ?? "").prefix(20)): a whole number from 0"
            return reply(.problem(.badRequest(message), id: question.requestID))
        }
        let limit = question.arguments.integer("limit") ?? AdminRoutes.maxEntries
        if let eyes {
            let last = after > Int.max - limit ? Int.max : after + limit
            sources.history(of: room, from: after, through: last) { [self] outcome in
                resume(question) { [self] in reply(seen(room, outcome, after: after, limit: limit, eyes, question)) }
            }
        } else {
            sources.records(of: room, after: after, limit: Self.maxRecords) { [self] outcome in
                resume(question) { reply(Self.stored(room, outcome, after: after, limit: limit, question)) }
            }
        }
    }

    // MARK: As stored

    private static func stored(
        _ room: RoomID, _ outcome: ReadOutcome, after: Int, limit: Int, _ question: DeskQuestion
    ) -> Response {
        guard case .records(let records, let head) = outcome else { return refusal(outcome, question) }
        var lines: [Line] = []
        for stored in records where lines.count < limit {
            lines += self.lines(of: stored, behind: after, upTo: head, limit: limit - lines.count)
        }
        return page(lines, room, after: after, head: head, question)
    }

    /// A line for each event the store counts, whatever its text has become: pages go on behind it.
    private static func lines(of stored: StoredRecord, behind after: Int, upTo head: Int, limit: Int) -> [Line] {
        do throws(StoredFormError) {
            let (record, events) = try Record.decode(stored.payload)
            guard events.count == stored.eventCount else {
                throw StoredFormError(message: "record: \(events.count) events instead of \(stored.eventCount)")
            }
            let (end, isTooLarge) = stored.firstSequence.addingReportingOverflow(events.count)
            guard !isTooLarge else {
                throw StoredFormError(message: "record: its first event has the number \(stored.firstSequence)")
            }
            return zip(stored.firstSequence..<end, events).filter { $0.0 > after }.prefix(limit).map {
                Line(sequence: $0.0, at: record.at, record: stored.number, event: $0.1)
            }
        } catch {
            return unreadable(stored, behind: after, upTo: head, limit: limit, error.message)
        }
    }

    /// The count and the first number come from columns that anything may have been written into.
    private static func unreadable(
        _ stored: StoredRecord, behind after: Int, upTo last: Int, limit: Int, _ fault: String
    ) -> [Line] {
        let (sum, isTooLarge) = stored.firstSequence.addingReportingOverflow(max(stored.eventCount, 0))
        let start = max(stored.firstSequence, after == .max ? after : after + 1)
        let end = min(isTooLarge ? .max : sum, last == .max ? last : last + 1)
        guard start < end else { return [] }
        return (start..<end).prefix(limit).map {
            Line(sequence: $0, record: stored.number, event: .null, fault: fault)
        }
    }

    private static func refusal(_ outcome: ReadOutcome, _ question: DeskQuestion) -> Response {
        switch outcome {
        case .notFound: .problem(.roomNotFound, id: question.requestID)
        case .trimmed(let first, _): trimmed(first, question)
        case .records, .unavailable: .problem(.storeUnavailable, id: question.requestID)
        }
    }

    // MARK: As seen

    private func seen(
        _ room: RoomID, _ outcome: HistoryOutcome, after: Int, limit: Int, _ eyes: RequestedViewer,
        _ question: DeskQuestion
    ) -> Response {
        switch outcome {
        case .parts(let snapshot, let records, let head):
            let last = min(head, after > Int.max - limit ? Int.max : after + limit)
            do throws(StoredFormError) {
                let replay = try RoomReplay(readable: room, snapshot, records, games: games, upTo: last)
                let seats = replay.state.seats.count
                guard let viewer = eyes.viewer(seats: seats) else {
                    return .problem(
                        .badRequest("as: watcher or a seat from 0 to \(seats - 1)"), id: question.requestID)
                }
                let place = replay.state.viewerIndex(of: viewer)
                var lines: [Line] = []
                for (event, record, at) in replay.events where event.sequence > after {
                    // Our own text: what does not parse is a fault of the game's encoder.
                    let view = (try? JSON(parsing: event.views[place])) ?? .null
                    lines.append(Line(sequence: event.sequence, at: at, record: record, event: view))
                }
                lines += Self.unseen(replay.unread, after: after, upTo: last, limit: limit - lines.count)
                return Self.page(lines, room, after: after, head: head, question)
            } catch {
                // The room cannot even be opened; its store still knows which events there are.
                return Self.page(
                    Self.unseen(records[...], after: after, upTo: last, limit: limit), room, after: after, head: head,
                    question)
            }
        case .notFound: return .problem(.roomNotFound, id: question.requestID)
        case .trimmed(let first): return Self.trimmed(first, question)
        case .unavailable: return .problem(.storeUnavailable, id: question.requestID)
        case .tooLong(let records): return Self.tooLong(records, question)
        }
    }

    /// Behind a record that cannot be read nobody can be shown anything: what a seat sees depends on all before it.
    private static func unseen(
        _ records: ArraySlice<StoredRecord>, after: Int, upTo last: Int, limit: Int
    ) -> [Line] {
        // The words of the fault may be about what is in the record, and that is not for every eye.
        let fault = "the log cannot be read here: nobody's view can be made"
        var lines: [Line] = []
        for stored in records where lines.count < limit {
            lines += unreadable(stored, behind: after, upTo: last, limit: limit - lines.count, fault)
        }
        return lines
    }

    // MARK: A page

    private static func page(
        _ lines: [Line], _ room: RoomID, after: Int, head: Int, _ question: DeskQuestion
    ) -> Response {
        let wanted = question.arguments.text("event_type")
        let kept = lines.filter { wanted == nil || $0.event["kind"]?.string == wanted }
        var types: [(kind: String, count: Int64)] = []
        for line in kept {
            let kind = line.fault != nil ? "unreadable" : line.event["kind"]?.string ?? "hidden"
            if let place = types.firstIndex(where: { $0.kind == kind }) {
                types[place].count += 1
            } else {
                types.append((kind, 1))
            }
        }
        let last = lines.last?.sequence ?? after
        // Where records are missing nothing would come a second time either.
        let hasMore = last < head && !lines.isEmpty
        return .json(
            200,
            [
                "success": true, "room": .string(room.description), "room_id": .string(room.description),
                "event_count": .integer(Int64(kept.count)), "events": .array(kept.map(json)),
                "analysis": [
                    "first_event": kept.first.map(json) ?? .null, "last_event": kept.last.map(json) ?? .null,
                    "event_types": .object(types.map { JSON.Member($0.kind, .integer($0.count)) }),
                ],
                "has_more": .bool(hasMore), "next": .integer(Int64(last)),
                "recovery_info": [
                    "latest_sequence": .integer(Int64(head)), "has_more_events": .bool(hasMore),
                ],
            ])
    }

    private static func json(_ line: Line) -> JSON {
        var members: [JSON.Member] = [
            .init("seq", .integer(Int64(line.sequence))),
            .init("at", line.at.map { .integer($0.unixMilliseconds) } ?? .null),
            .init("record", .integer(Int64(line.record))), .init("event", line.event),
        ]
        if let fault = line.fault { members.append(.init("error", .string(fault))) }
        return .object(members)
    }
}
