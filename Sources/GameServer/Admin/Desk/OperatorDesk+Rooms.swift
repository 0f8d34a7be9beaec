import PluginAPI
import WebSocket

extension OperatorDesk {
    // MARK: Lists

    func rooms(_ question: DeskQuestion) -> Response {
        guard case .rooms(let lines, let hasMore) = question.material else { return Self.incomplete(question) }
        var report = ObjectText()
        report.add("count", lines.count)
        report.add("rooms", json: lines.map { Self.line($0.summary, isAwake: $0.isAwake).closed() })
        report.add("has_more", hasMore)
        if hasMore, let last = lines.last { report.add("next", last.summary.room.description) }
        return .json(200, report.closed())
    }

    /// The lobby's line, and what only operators are told.
    static func line(_ summary: RoomSummary, isAwake: Bool) -> ObjectText {
        var text: [UInt8] = []
        ServerMessage.append(summary, to: &text)
        var line = ObjectText(extending: text)
        line.add("visibility", summary.visibility.rawValue)
        line.add("changed", Int(summary.changed.unixMilliseconds))
        line.add("awake", isAwake)
        return line
    }

    // MARK: One of them

    func room(_ question: DeskQuestion) -> Response {
        guard case .room(let picture) = question.material else { return Self.incomplete(question) }
        var report = Self.line(RoomSummary(listing: picture.state), isAwake: picture.isAwake)
        report.add("seq", picture.state.sequence)
        report.add("record", picture.state.number)
        report.add("connections", picture.connections)
        report.add("epoch", picture.state.epoch)
        report.add("status", json: picture.status)
        return .json(200, report.closed())
    }

    /// Through whose eyes this requester looks: nil is the truth.
    ///
    /// - Throws: `forbidden`, as a response, for a seat's eyes below administrator.
    static func eyes(_ question: DeskQuestion) throws(Refused) -> RequestedViewer? {
        let wanted = question.arguments.viewer("as")
        if question.requester?.role == .administrator { return wanted }
        if case .seat = wanted {
            throw Refused(
                response: .problem(
                    403, "forbidden", "a seat's eyes are for the role administrator", id: question.requestID))
        }
        return .watcher
    }

    static func trimmed(_ first: Int, _ question: DeskQuestion) -> Response {
        .problem(
            410, "history_trimmed", "history begins behind event \(first - 1): what was before was deleted",
            id: question.requestID)
    }

    static func tooLong(_ records: Int, _ question: DeskQuestion) -> Response {
        .problem(
            409, "history_too_long", "more than \(records) records would have to be read", id: question.requestID)
    }

    /// An answer that is a refusal already.
    struct Refused: Error { let response: Response }

    static func incomplete(_ question: DeskQuestion) -> Response {
        .problem(.internal("the loop did not say what \(question.endpoint.rawValue) needs"), id: question.requestID)
    }
}
