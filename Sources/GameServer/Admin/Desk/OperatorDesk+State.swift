import PluginAPI
import WebSocket

extension OperatorDesk {
    /// The state as it is, or rebuilt from the log as it was.
    func state(_ question: DeskQuestion, _ reply: @escaping Reply) {
        let eyes: RequestedViewer?
        do throws(Refused) { eyes = try Self.eyes(question) } catch { return reply(error.response) }
        if case .room(let picture) = question.material {
            let answer = Self.state(
                picture.state, through: eyes, source: "live", status: picture.status, head: picture.state.sequence,
                question)
            return reply(answer)
        }
        guard let room = question.arguments.room("id") else {
            return reply(.problem(.roomNotFound, id: question.requestID))
        }
        let wanted = question.arguments.integer("at")
        sources.history(of: room, from: wanted ?? .max, through: wanted ?? .max) { [self] outcome in
            resume(question) { [self] in reply(rebuilt(room, outcome, at: wanted, eyes, question)) }
        }
    }

    private func rebuilt(
        _ room: RoomID, _ outcome: HistoryOutcome, at wanted: Int?, _ eyes: RequestedViewer?, _ question: DeskQuestion
    ) -> Response {
        switch outcome {
        case .parts(_, _, let head) where wanted ?? 0 > head:
            return .problem(.badRequest("at is \(wanted ?? 0): 0 to \(head)"), id: question.requestID)
        case .parts(let snapshot, let records, let head):
            do throws(StoredFormError) {
                let replay = try RoomReplay(room, snapshot, records, games: games, upTo: wanted ?? head)
                return Self.state(
                    replay.state, through: eyes, source: "reconstructed", status: nil, head: head, question)
            } catch {
                return .problem(500, "internal", error.message, id: question.requestID)
            }
        case .notFound: return .problem(.roomNotFound, id: question.requestID)
        case .trimmed(let first): return Self.trimmed(first, question)
        case .unavailable: return .problem(.storeUnavailable, id: question.requestID)
        case .tooLong(let records): return Self.tooLong(records, question)
        }
    }

    private static func state(
        _ state: RoomState, through eyes: RequestedViewer?, source: StaticString, status: [UInt8]?, head: Int,
        _ question: DeskQuestion
    ) -> Response {
        var report = ObjectText()
        report.add("room", state.room.description)
        report.add("seq", state.sequence)
        report.add("record", state.number)
        report.add("state_source", "\(source)")
        if let status { report.add("status", json: status) }
        if let eyes {
            let seats = state.seats.count
            guard let viewer = eyes.viewer(seats: seats) else {
                let given = question.arguments.text("as") ?? ""
                return .problem(
                    .badRequest("as is \(given.prefix(20)): watcher or a seat from 0 to \(seats - 1)"),
                    id: question.requestID)
            }
            report.add("view", json: state.match.view(for: viewer))
        } else {
            report.add("state", json: state.match.truth())
        }
        var recovery = ObjectText()
        recovery.add("latest_sequence", head)
        recovery.add("events_behind", head - state.sequence)
        report.add("recovery_info", json: recovery.closed())
        return .json(200, report.closed())
    }
}

/// A room rebuilt from its log, as far as is wanted.
struct RoomReplay {
    private(set) var state: RoomState
    /// Events that were folded, as every viewer saw them, with their record's number and time.
    private(set) var events: [(event: RenderedEvent, record: Int, at: Timestamp)] = []
    /// Records from the first one on that is not what was written.
    private(set) var unread: ArraySlice<StoredRecord> = []

    /// - Parameter sequence: the last event that counts; a record that goes beyond it is folded in part.
    /// - Throws: when the log is not what was written, or its game is not installed.
    init(
        _ room: RoomID, _ snapshot: Snapshot?, _ records: [StoredRecord], games: InstalledGames, upTo sequence: Int
    ) throws(StoredFormError) {
        try self.init(room, snapshot, records, games: games)
        for stored in records { try fold(stored, upTo: sequence) }
    }

    /// The same as far as the log can be read.
    ///
    /// - Throws: when not even its beginning can.
    init(
        readable room: RoomID, _ snapshot: Snapshot?, _ records: [StoredRecord], games: InstalledGames,
        upTo sequence: Int
    ) throws(StoredFormError) {
        try self.init(room, snapshot, records, games: games)
        for (index, stored) in records.enumerated() {
            do throws(StoredFormError) {
                try fold(stored, upTo: sequence)
            } catch {
                // Not the room's fault: whoever asks is told which events are missing.
                unread = records[index...]
                return
            }
        }
    }

    private init(
        _ room: RoomID, _ snapshot: Snapshot?, _ records: [StoredRecord], games: InstalledGames
    ) throws(StoredFormError) {
        // Claims nothing: the term of a copy is never compared with the store's.
        let claim = Claim(term: 0, snapshot: snapshot, records: records)
        state = try RoomState.restored(room, from: claim, games: games)
    }

    private mutating func fold(_ stored: StoredRecord, upTo sequence: Int) throws(StoredFormError) {
        let (end, isTooLarge) = stored.firstSequence.addingReportingOverflow(stored.eventCount)
        guard stored.firstSequence >= 1, stored.eventCount >= 0, !isTooLarge else {
            throw StoredFormError(message: "record: \(stored.eventCount) events from \(stored.firstSequence) on")
        }
        guard end - 1 > sequence else {
            let (rendered, at) = try state.fold(stored)
            events += rendered.map { ($0, stored.number, at) }
            return
        }
        if stored.firstSequence <= sequence { try foldPart(of: stored, upTo: sequence) }
    }

    /// Only the first events of a record: the game is as it was between them, everything else as it was before.
    private mutating func foldPart(of stored: StoredRecord, upTo sequence: Int) throws(StoredFormError) {
        let (record, raw) = try Record.decode(stored.payload)
        let part = Array(raw.prefix(sequence - stored.firstSequence + 1))
        let rendered = try state.foldEvents(part)
        events += rendered.map { ($0, stored.number, record.at) }
    }
}
