import Foundation
import Observability
import PluginAPI
import WebSocket

/// Answers what the table of routes lets in: probes and whatever needs a room on the loop, the rest at the desk. Lives on
/// the loop.
final class AdminSurface {
    /// What it knows at once is its own loop's; what concerns all it asks all.
    private let residents: Residents
    private let services: LoopServices
    private let neighbours: Neighbours
    private let surveys: RoomSurveys
    private let addresses: ClientAddresses
    private let gate: Gate
    private let desk: DeskClient
    private let tails: TailEndpoint
    private let ledger: AccessLedger
    private let board: StatusBoard
    /// Those that wait for an answer from elsewhere.
    private var open: [ObjectIdentifier: Inquiry] = [:]
    /// They wait for every loop to answer.
    private var askingWhoTurns: [Inquiry] = []

    init(
        _ residents: Residents, tokens: AdminTokens, access: SharedAccess, addresses: ClientAddresses,
        desk: DeskClient, tails: TailEndpoint, board: StatusBoard, ledger: AccessLedger
    ) {
        self.residents = residents
        services = residents.services
        neighbours = residents.services.neighbours
        self.desk = desk
        self.tails = tails
        self.board = board
        self.ledger = ledger
        surveys = RoomSurveys { [neighbours] answer in
            neighbours.askAll({ $0.survey($1) }, then: { answer($0.map(RoomSurvey.init(of:))) })
        }
        self.addresses = addresses
        gate = Gate(
            tokens, shared: access, configuration: services.configuration, timeline: services.timeline, ledger: ledger)
    }

    func inquiry(_ request: Request, _ exchange: Exchange) -> Inquiry {
        Inquiry(
            request, exchange, address: addresses.address(of: request), timeline: services.timeline, ledger: ledger)
    }

    func receive(_ inquiry: Inquiry) {
        switch AdminRoutes.table.match(inquiry.request.method, inquiry.request.path) {
        case .nothing:
            guard gate.admitsStray(inquiry) else { return }
            inquiry.refuse(404, "not_found", "there is nothing at this path")
        case .otherMethods(let methods):
            guard gate.admitsStray(inquiry) else { return }
            let names = methods.joined(separator: ", ")
            inquiry.refuse(
                405, "method_not_allowed", "\(inquiry.request.method.prefix(20)): \(names) only", [("Allow", names)])
        case .route(let route, let captured):
            inquiry.label = route.path
            guard gate.admits(inquiry, route, captured: captured, ticket: { tails.redeem($0) }) else { return }
            answer(inquiry, route)
            if inquiry.status == nil { keepOpen(inquiry) }
        }
    }

    private func keepOpen(_ inquiry: Inquiry) {
        let key = ObjectIdentifier(inquiry)
        open[key] = inquiry
        inquiry.onAnswer = { [weak self] in self?.open[key] = nil }
    }

    /// Answers whoever still waits, before the loop ends: what was begun for them goes on or not, nobody can be told.
    func close() {
        for inquiry in Array(open.values) { inquiry.refuse(.draining) }
    }

    private func answer(_ inquiry: Inquiry, _ route: Route) {
        switch route.endpoint {
        case .live: askWhoTurns(inquiry)
        case .ready: report("readyz", "ready", readiness(), to: inquiry)
        // Who asks is answered, so it has started; that it drains is readiness.
        case .started: report("startupz", "started", Probe(checks: [.init(name: "started", failure: nil)]), to: inquiry)
        case .health: inquiry.answer(health())
        case .logTail: tails.open(inquiry)
        case .logTicket: inquiry.answer(tails.ticket(for: inquiry))
        case .rooms: listRooms(inquiry, route)
        case .room, .roomState: showRoom(inquiry, route)
        case .roomFigures, .roomStatistics, .systemStatistics: survey(inquiry, route)
        case .socketStatistics, .rateStatistics: askWithFigures(route, inquiry)
        case .metrics:
            // Where a loop does not turn, what it put up last is told: that is when one wants to know most.
            neighbours.askAll({ $1($0.facts.publish()) }, then: { [self] (_: [Void]?) in ask(route, inquiry) })
        case .detailedHealth, .healthHistory, .socketHealth, .storeHealth, .recoveryStatus, .recoveryTrigger,
            .procedureEnable, .procedureDisable, .roomEvents, .roomEventsSince, .storeStatistics, .storeCleanup,
            .systemEvents, .logs, .logLevels, .setLogLevel, .tlsReload, .openAPI:
            ask(route, inquiry)
        }
    }

    // MARK: At the desk

    private func ask(
        _ route: Route, _ inquiry: Inquiry, _ material: DeskMaterial = .none, answered: @escaping () -> Void = {}
    ) {
        let question = DeskQuestion(
            endpoint: route.endpoint, isMutating: route.isMutating, arguments: inquiry.arguments,
            requester: inquiry.requester, requestID: inquiry.id, accept: inquiry.request.headers["Accept"],
            acceptEncoding: inquiry.request.headers["Accept-Encoding"], body: inquiry.body,
            asked: services.timeline.wallClock, material: material)
        desk.ask(question) {
            inquiry.answer($0)
            answered()
        }
    }

    private func listRooms(_ inquiry: Inquiry, _ route: Route) {
        let limit = inquiry.arguments.integer("limit") ?? AdminRoutes.maxEntries
        let after = inquiry.arguments.room("after")
        askLoops(inquiry, { $0.reports.page(after: after, limit: limit) }) { [self] pages in
            let lines = pages.flatMap(\.rooms).sorted { $0.summary.room.raw < $1.summary.room.raw }
            let hasMore = lines.count > limit || pages.contains(where: \.hasMore)
            ask(route, inquiry, .rooms(Array(lines.prefix(limit)), hasMore: hasMore))
        }
    }

    private func showRoom(_ inquiry: Inquiry, _ route: Route) {
        guard let id = inquiry.arguments.room("id") else { return inquiry.refuse(.roomNotFound) }
        if route.endpoint == .roomState,
            inquiry.arguments.integer("at") != nil || inquiry.arguments.text("source") == "replay"
        {
            return ask(route, inquiry)
        }
        neighbours.ask(neighbours.placement.loop(of: id)) {
            $0.reports.picture(of: id, $1)
        } then: { [self] result in
            switch result {
            case .success(let picture): ask(route, inquiry, .room(picture))
            case .failure(let rejection): inquiry.refuse(rejection)
            case nil: inquiry.refuse(Self.silence)
            }
        }
    }

    // MARK: All loops

    private static let silence = Rejection.overloaded("a loop of this server does not answer")

    /// Puts a question to all loops; where one does not answer, nobody is told half of the truth.
    private func askLoops<Value: Sendable>(
        _ inquiry: Inquiry, _ question: @escaping @Sendable (Residents) -> Value, then: @escaping ([Value]) -> Void
    ) {
        neighbours.askAll({ $1(question($0)) }, then: { $0.map(then) ?? inquiry.refuse(Self.silence) })
    }

    private func askWithFigures(_ route: Route, _ inquiry: Inquiry) {
        askLoops(inquiry, { $0.figures }) { [self] figures in
            var all = LoopFigures(of: figures)
            all.rates = gate.statistics
            ask(route, inquiry, .loop(all))
        }
    }

    private func survey(_ inquiry: Inquiry, _ route: Route) {
        guard let room = inquiry.arguments.room("room_id") else { return surveyAll(inquiry, route) }
        neighbours.ask(neighbours.placement.loop(of: room)) { there, answer in
            answer(there.rooms.knows(room) ? nil : there.rooms.isGone(room) ? .roomGone : .roomNotFound)
        } then: { [self] (refusal: Rejection??) in
            switch refusal {
            case .some(nil): surveyAll(inquiry, route)
            case .some(let refusal?): inquiry.refuse(refusal)
            case nil: inquiry.refuse(Self.silence)
            }
        }
    }

    private func surveyAll(_ inquiry: Inquiry, _ route: Route) {
        let isTaken = surveys.ask { [self] survey in
            guard var survey else {
                surveys.finished()
                return inquiry.refuse(Self.silence)
            }
            survey.loop.rates = gate.statistics
            let material = DeskMaterial.survey(survey)
            // The desk keeps only sums of it and then asks other sources, which may take long or never answer.
            guard route.endpoint != .systemStatistics else {
                surveys.finished()
                return ask(route, inquiry, material)
            }
            ask(route, inquiry, material) { [surveys] in surveys.finished() }
        }
        if !isTaken { inquiry.refuse(.overloaded("\(RoomSurveys.maxAsking) surveys of all rooms are under way")) }
    }

    // MARK: Probes

    /// On any loop: readiness is answered at once, so each loop puts up what it sees.
    private var storeIsTroubled: Bool {
        let now = services.timeline.now
        return services.storeTrouble.isPresent(at: now) || board.storeIsTroubled(at: now)
    }

    private func health() -> Response {
        // What the loop sees itself counts at once, before anybody has judged it.
        let seen: StatusBoard.Level =
            storeIsTroubled ? .critical : .healthy
        let level = StatusBoard.Level.worse(board.level(at: services.timeline.now), seen)
        let uptime = Int(residents.facts.uptime.milliseconds / 1000)
        let now = services.timeline.wallClock
        let body: JSON = [
            "status": .string(level.name), "timestamp": .string(now.rfc3339),
            "timestamp_unix": .number(Double(now.unixMilliseconds) / 1000), "uptime_seconds": .integer(Int64(uptime)),
            "uptime_formatted": .string(Self.clock(uptime)), "version": .string(Version.current),
            "service": "gameserver",
        ]
        return .json(level == .healthy || level == .warning ? 200 : 503, body)
    }

    /// `HH:MM:SS`, with as many digits of hours as it takes.
    private static func clock(_ seconds: Int) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    private func report(_ name: String, _ status: String, _ all: Probe, to inquiry: Inquiry) {
        let probe = all.excluding(inquiry.arguments.list("exclude"))
        if inquiry.arguments.flag("verbose") {
            inquiry.answer(.text(probe.failure == nil ? 200 : 503, probe.listing(of: name)))
        } else if let failure = probe.failure {
            inquiry.answer(.problem(503, failure.code, failure.message, id: inquiry.id))
        } else {
            inquiry.answer(.json(200, ["status": .string(status)]))
        }
    }

    /// A server with a loop that stands still is not alive, whichever loop is asked. Loops that have said goodbye to
    /// their players end one after the other: then this one answers for itself. Whoever asks meanwhile waits for the
    /// same answers.
    private func askWhoTurns(_ inquiry: Inquiry) {
        if services.isDraining || inquiry.arguments.list("exclude").contains("loop") {
            return sayAlive(inquiry, failure: nil)
        }
        askingWhoTurns.append(inquiry)
        guard askingWhoTurns.count == 1 else { return }
        neighbours.askAll(
            { $1(()) },
            then: { [self] (all: [Void]?) in
                let silence = Probe.Failure(code: Self.silence.refusal.code, message: Self.silence.refusal.message)
                let asking = askingWhoTurns
                askingWhoTurns = []
                for inquiry in asking { sayAlive(inquiry, failure: all == nil ? silence : nil) }
            })
    }

    private func sayAlive(_ inquiry: Inquiry, failure: Probe.Failure?) {
        report("livez", "alive", Probe(checks: [.init(name: "loop", failure: failure)]), to: inquiry)
    }

    private func readiness() -> Probe {
        let failures: [String: Probe.Failure?] = [
            "draining": services.isDraining
                ? .init(code: "draining", message: "the server is shutting down") : nil,
            "store": storeIsTroubled
                ? .init(code: "store_unavailable", message: "what is decided cannot be stored") : nil,
            "protection": board.isProtecting
                ? .init(code: "overloaded", message: "the server protects the games it has") : nil,
        ]
        return Probe(checks: Probe.checks(of: .ready).map { .init(name: $0, failure: failures[$0] ?? nil) })
    }
}

/// What a loop counts, for operators.
protocol LoopFacts: AnyObject {
    var uptime: Duration { get }
    var counters: TransportCounters { get }
    /// Brings the metrics up to date with what the loop has counted itself.
    func publish()
}

extension Timestamp {
    /// RFC 3339 in UTC, to the second.
    var rfc3339: String { Date(timeIntervalSince1970: Double(unixMilliseconds) / 1000).formatted(.iso8601) }
}
