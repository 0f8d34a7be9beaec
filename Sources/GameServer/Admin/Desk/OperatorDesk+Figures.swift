import PluginAPI
import WebSocket

extension OperatorDesk {
    // MARK: Connections and rates

    func socketStatistics(_ question: DeskQuestion) -> Response {
        guard case .loop(let loop) = question.material else { return Self.incomplete(question) }
        var report = Self.sockets(loop)
        report.add("success", true)
        report.add("timestamp", question.asked.rfc3339)
        return .json(200, report.closed())
    }

    private static func sockets(_ loop: LoopFigures) -> ObjectText {
        var text = ObjectText()
        text.add("active_connections", loop.counters.openWebSockets)
        text.add("open_sockets", loop.counters.open)
        text.add("opened_total", loop.counters.upgrades)
        text.add("refused_total", loop.counters.refused)
        text.add("messages_in_total", loop.counters.messagesIn)
        text.add("messages_out_total", loop.counters.messagesOut)
        text.add("bytes_in_total", loop.counters.bytesIn)
        text.add("bytes_out_total", loop.counters.bytesOut)
        text.add("protocol_errors_total", loop.counters.violations)
        text.add("outbox_overflows_total", loop.counters.outboxOverflows)
        text.add("requests_total", loop.counters.requests)
        text.add("uptime_seconds", Int(loop.uptime.milliseconds / 1000))
        return text
    }

    func rateStatistics(_ question: DeskQuestion) -> Response {
        guard case .loop(let loop) = question.material else { return Self.incomplete(question) }
        let rates = loop.rates
        var limits = ObjectText()
        limits.add("public_per_minute", rates.publicPerMinute)
        limits.add("operator_per_minute", rates.operatorPerMinute)
        limits.add("failed_auth_per_minute", rates.failuresPerMinute)
        limits.add("failed_auth_lockout_ms", rates.lockoutMilliseconds)
        var report = ObjectText()
        report.add("success", true)
        report.add("accepted", rates.accepted)
        report.add("refused", rates.refused)
        report.add("failed_auth_refused", rates.failuresRefused)
        report.add("callers", rates.callers)
        report.add("max_callers", rates.maxCallers)
        report.add("strangers", rates.strangers)
        report.add("refusals_not_audited", rates.unnoted)
        report.add("limits", json: limits.closed())
        let routes = rates.routes.sorted { $0.key < $1.key }.map { route in
            JSON.Member(
                route.key,
                ["accepted": .integer(Int64(route.value.accepted)), "refused": .integer(Int64(route.value.refused))])
        }
        report.add("routes", json: JSON.object(routes).encoded())
        return .json(200, report.closed())
    }

    // MARK: Rooms

    func roomFigures(_ question: DeskQuestion) -> Response {
        guard case .survey(let survey) = question.material else { return Self.incomplete(question) }
        let order = question.arguments.text("by").flatMap { RoomFigures.Order(rawValue: $0) } ?? .events
        let top = survey.awake.map { (figures: $0, value: $0.value(of: order, now: question.asked)) }
            .sorted { ($1.value, $0.figures.room.raw) < ($0.value, $1.figures.room.raw) }
            .prefix(question.arguments.integer("top") ?? 50)
        var report = ObjectText()
        report.add("timestamp", question.asked.rfc3339)
        report.add("by", order.rawValue)
        report.add("awake", survey.awake.count)
        report.add("asleep", survey.asleep.count)
        report.add("rooms", json: top.map { Self.numbers($0.figures, now: question.asked) })
        return .json(200, report.closed())
    }

    private static func numbers(_ figures: RoomFigures, now: Timestamp) -> [UInt8] {
        var text = ObjectText()
        text.add("room", figures.room.description)
        text.add("game", figures.game)
        text.add("state", figures.status.rawValue)
        text.add("members", figures.members)
        text.add("humans", figures.humans)
        text.add("bots", figures.bots)
        text.add("seq", figures.seq)
        text.add("record", figures.record)
        var rate: [UInt8] = []
        rate.append(jsonNumber: (figures.eventsPerSecond * 1000).rounded() / 1000)
        text.add("events_per_s", json: rate)
        text.add("pending", figures.pending)
        text.add("lagging", figures.lagging)
        text.add("unsent_bytes", figures.unsentBytes)
        text.add("queued_requests", figures.queued)
        text.add("created", Int(figures.created.unixMilliseconds))
        text.add("last_activity", Int(figures.changed.unixMilliseconds))
        if let waiting = figures.waiting {
            let seats = JSON.array(waiting.seats.map { .integer(Int64($0.index)) })
            let since = figures.waitingSince.unixMilliseconds
            let json: JSON = [
                "seats": seats, "for": .string(waiting.purpose), "since": .integer(since),
                "for_ms": .integer(max(0, now.unixMilliseconds - since)),
            ]
            text.add("waiting_on", json: json.encoded())
        }
        return text.closed()
    }

    func roomStatistics(_ question: DeskQuestion) -> Response {
        guard case .survey(let survey) = question.material else { return Self.incomplete(question) }
        let wanted = question.arguments.room("room_id")
        let after = question.arguments.room("after")
        let limit = question.arguments.integer("limit") ?? AdminRoutes.maxEntries
        let lines =
            survey.awake.map { ($0.room, Self.numbers($0, now: question.asked)) }
            + survey.asleep.map { ($0.room, Self.line($0, isAwake: false).closed()) }
        let behind = lines.filter { line in
            (wanted ?? line.0) == line.0 && (after.map { $0.raw < line.0.raw } ?? true)
        }.sorted { $0.0.raw < $1.0.raw }
        var stats = ObjectText()
        stats.add("connection_stats", json: Self.sockets(survey.loop).closed())
        stats.add("queue_stats", json: Self.queues(survey).encoded())
        stats.add("active_connections", survey.loop.counters.openWebSockets)
        stats.add("rooms", json: behind.prefix(limit).map(\.1))
        stats.add("room_validation", json: Self.validation(survey).encoded())
        stats.add("room_summary", json: RoomTotals(survey, now: question.asked).json.encoded())
        var report = ObjectText()
        report.add("timestamp", question.asked.rfc3339)
        report.add("stats", json: stats.closed())
        report.add("has_more", behind.count > limit)
        if behind.count > limit { report.add("next", behind[limit - 1].0.description) }
        return .json(200, report.closed())
    }

    private static func queues(_ survey: RoomSurvey) -> JSON {
        [
            "pending_messages": .integer(Int64(survey.awake.reduce(0) { $0 + $1.pending })),
            "queued_requests": .integer(Int64(survey.awake.reduce(0) { $0 + $1.queued })),
            "unsent_bytes": .integer(Int64(survey.awake.reduce(0) { $0 + $1.unsentBytes })),
            "lagging_members": .integer(Int64(survey.awake.reduce(0) { $0 + $1.lagging })),
            "commits_in_flight": .integer(Int64(survey.loop.appendsInFlight)),
        ]
    }

    /// What should not be, as room ids: games that go on and wait for nobody, and rooms without players.
    private static func validation(_ survey: RoomSurvey) -> JSON {
        let stuck = survey.awake.filter { $0.status == .playing && $0.waiting == nil }
        let empty = survey.awake.filter { $0.humans + $0.bots == 0 }
        return [
            "checked": .integer(Int64(survey.awake.count)),
            "playing_without_waiting": .array(stuck.prefix(20).map { .string($0.room.description) }),
            "without_players": .array(empty.prefix(20).map { .string($0.room.description) }),
        ]
    }

    // MARK: Everything

    func systemStatistics(_ question: DeskQuestion, _ reply: @escaping Reply) {
        guard case .survey(let survey) = question.material else { return reply(Self.incomplete(question)) }
        // Now, so that nobody holds every room's numbers while the sources are asked.
        let uptime = Int(survey.loop.uptime.milliseconds / 1000)
        let sockets = Self.sockets(survey.loop).closed()
        let rooms = RoomTotals(survey, now: question.asked).json.encoded()
        var bare = question
        bare.material = .none
        ask(bare, uptime: uptime, sockets: sockets, rooms: rooms, reply)
    }

    private func ask(
        _ question: DeskQuestion, uptime: Int, sockets: [UInt8], rooms: [UInt8], _ reply: @escaping Reply
    ) {
        // One source after the other: each may answer on a thread of its own.
        sources.health(.own) { [self] health in
            sources.recoveryStatus { [self] recovery in
                sources.storeStatistics(now: question.asked) { [self] events in
                    sources.resources { [self] resources in
                        resume(question) {
                            var report = ObjectText()
                            report.add("success", true)
                            report.add("timestamp", question.asked.rfc3339)
                            report.add("uptime_seconds", uptime)
                            report.add("health", json: health.jsonOrNull)
                            report.add("recovery", json: recovery.jsonOrNull)
                            report.add("websocket", json: sockets)
                            report.add("rooms", json: rooms)
                            report.add("events", json: events.jsonOrNull)
                            report.add("resources", json: resources.jsonOrNull)
                            reply(.json(200, report.closed()))
                        }
                    }
                }
            }
        }
    }
}

extension Finding {
    /// As a part of a larger answer.
    fileprivate var jsonOrNull: [UInt8] {
        if case .found(_, _, nil, let body) = self { body } else { Array("null".utf8) }
    }
}

/// All rooms together.
private struct RoomTotals {
    let json: JSON

    init(_ survey: RoomSurvey, now: Timestamp) {
        var status: [String: Int64] = [:]
        var games: [String: Int64] = [:]
        var (players, bots, ages) = (0, 0, Int64(0))
        func add(_ room: RoomSummary.Status, _ game: String, humans: Int, bots more: Int, created: Timestamp) {
            status[room.rawValue, default: 0] += 1
            games[game, default: 0] += 1
            players += humans
            bots += more
            ages += max(0, now.unixMilliseconds - created.unixMilliseconds)
        }
        for room in survey.awake {
            add(room.status, room.game, humans: room.humans, bots: room.bots, created: room.created)
        }
        for room in survey.asleep {
            add(room.status, room.game, humans: room.humans, bots: room.bots, created: room.created)
        }
        let total = survey.awake.count + survey.asleep.count
        func members(_ counts: [String: Int64]) -> JSON {
            .object(counts.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) })
        }
        json = [
            "total_rooms": .integer(Int64(total)), "active_games": .integer(status["playing"] ?? 0),
            "total_players": .integer(Int64(players)), "bots": .integer(Int64(bots)),
            "awake": .integer(Int64(survey.awake.count)),
            "mean_age_ms": .integer(total == 0 ? 0 : ages / Int64(total)), "by_status": members(status),
            "by_game": members(games),
        ]
    }
}
