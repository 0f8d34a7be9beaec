import Observability
import PluginAPI
import WebSocket

/// The desk of production: threads that encode, and sources that know.
final class OperatorDesk: Desk {
    typealias Reply = @Sendable (Response) -> Void
    /// An answer, and what was changed.
    private typealias Finish = @Sendable (Response, OperatorAction.Change?) -> Void

    let sources: any OperatorSources
    let games: InstalledGames
    private let threads: DeskThreads
    private let trail: OperatorTrail
    private let description: [UInt8]

    init(sources: any OperatorSources, games: InstalledGames, threads: DeskThreads, logger: Logger) {
        self.sources = sources
        self.games = games
        self.threads = threads
        trail = OperatorTrail(logger: logger, sources: sources)
        description = OpenAPI.document(AdminRoutes.table, version: Version.current).encoded()
    }

    func answer(_ question: DeskQuestion, reply: @escaping Reply) {
        if question.isMutating, !trail.isKeeping {
            return reply(
                Response(.unavailable("the audit trail cannot be written: nothing is changed"), id: question.requestID))
        }
        let finish = kept(question, reply)
        let isTaken = thread(for: question).take { [self] in work(on: question, finish) }
        if !isTaken { finish(.problem(.overloaded("the operators' desk is full"), id: question.requestID), nil) }
    }

    /// Goes on with the answer to a question that came on another thread.
    func resume(_ question: DeskQuestion, _ work: @escaping @Sendable () -> Void) {
        thread(for: question).resume(work)
    }

    private func thread(for question: DeskQuestion) -> DeskThread {
        question.endpoint.isSlow ? threads.slow : threads.quick
    }

    private func work(on question: DeskQuestion, _ finish: @escaping Finish) {
        let arguments = question.arguments
        let reply: Reply = { finish($0, nil) }
        let tell: @Sendable (Finding) -> Void = { reply(Response($0, id: question.requestID)) }
        switch question.endpoint {
        case .detailedHealth:
            let isDraft = question.accept?.contains("application/health+json") ?? false
            sources.health(isDraft ? .draft : .own, answer: tell)
        case .healthHistory:
            sources.healthHistory(
                arguments.text("resolution").flatMap(HealthHistory.Resolution.init) ?? .hour,
                after: arguments.integer("after"), limit: arguments.integer("limit") ?? 360, answer: tell)
        case .socketHealth: sources.health(of: "websocket", answer: tell)
        case .storeHealth: sources.health(of: "store", answer: tell)
        case .metrics: sources.scrape(accept: question.accept, acceptEncoding: question.acceptEncoding, answer: tell)
        case .socketStatistics: reply(socketStatistics(question))
        case .rateStatistics: reply(rateStatistics(question))
        case .roomFigures: reply(roomFigures(question))
        case .roomStatistics: reply(roomStatistics(question))
        case .systemStatistics: systemStatistics(question, reply)
        case .recoveryStatus: sources.recoveryStatus(answer: tell)
        case .recoveryTrigger: trigger(question, reply)
        case .procedureEnable, .procedureDisable:
            guard let requester = question.requester else { return reply(Self.nobody(question)) }
            sources.setProcedure(
                arguments.text("name") ?? "", enabled: question.endpoint == .procedureEnable, by: requester,
                requestID: question.requestID, answer: tell)
        case .rooms: reply(rooms(question))
        case .room: reply(room(question))
        case .roomState: state(question, reply)
        case .roomEvents, .roomEventsSince: events(question, reply)
        case .storeStatistics: sources.storeStatistics(now: question.asked, answer: tell)
        case .storeCleanup: cleanUp(question, reply)
        case .systemEvents:
            sources.systemEvents(
                after: arguments.integer("after") ?? 0, limit: arguments.integer("limit") ?? AdminRoutes.maxEntries,
                kind: arguments.text("kind"), answer: tell)
        case .logs: sources.logs(LogQuestion(arguments), answer: tell)
        case .logLevels: tell(sources.logLevels())
        case .setLogLevel: setLogLevel(question, finish)
        case .tlsReload:
            guard let requester = question.requester else { return reply(Self.nobody(question)) }
            tell(sources.reloadCertificates(by: requester))
        case .openAPI: reply(.json(200, description))
        case .live, .ready, .started, .health, .logTail, .logTicket:
            preconditionFailure("\(question.endpoint) is answered on the loop")
        }
    }

    // MARK: What changes something

    /// Answers, once it is kept what an operator did and what came of it.
    private func kept(_ question: DeskQuestion, _ reply: @escaping Reply) -> Finish {
        guard question.isMutating, let requester = question.requester else {
            return { response, _ in reply(response) }
        }
        return { [trail] response, change in
            var action = OperatorAction(
                question.endpoint, question.arguments, question.body, by: requester, at: question.asked,
                requestID: question.requestID)
            action.status = response.status
            action.change = change
            trail.keep(action)
            reply(response)
        }
    }

    private static func nobody(_ question: DeskQuestion) -> Response {
        .problem(.internal("nobody asked for it"), id: question.requestID)
    }

    private func trigger(_ question: DeskQuestion, _ reply: @escaping Reply) {
        guard let requester = question.requester else { return reply(Self.nobody(question)) }
        do throws(Rejection) {
            let order = try RecoveryTrigger(question, by: requester)
            sources.trigger(order) { reply(Response($0, id: question.requestID)) }
        } catch {
            reply(.problem(error, id: question.requestID))
        }
    }

    private func cleanUp(_ question: DeskQuestion, _ reply: @escaping Reply) {
        guard let requester = question.requester else { return reply(Self.nobody(question)) }
        let order = CleanupOrder(
            olderThanHours: question.arguments.integer("older_than_hours") ?? 24,
            isDryRun: question.arguments.flag("dry_run"), now: question.asked, requester: requester,
            requestID: question.requestID)
        sources.cleanup(order) { reply(Response($0, id: question.requestID)) }
    }

    private func setLogLevel(_ question: DeskQuestion, _ finish: Finish) {
        let body = question.body ?? [:]
        guard let name = body["level"]?.string, let level = LogLevel(name: name) else {
            let names = LogQuestion.levels.joined(separator: ", ")
            return finish(.problem(.badRequest("level has to be one of \(names)"), id: question.requestID), nil)
        }
        let wanted = body["category"] ?? .null
        let category = wanted.string.flatMap(LogCategory.init(rawValue:))
        guard wanted.isNull || category != nil else {
            let names = LogQuestion.categories.joined(separator: ", ")
            return finish(.problem(.badRequest("category has to be one of \(names)"), id: question.requestID), nil)
        }
        let before = sources.logLevel(of: category).name
        let answer = Response(sources.setLogLevel(level, for: category), id: question.requestID)
        finish(answer, .init(before: before, after: sources.logLevel(of: category).name))
    }
}

extension Endpoint {
    /// Whether an answer may take long: it searches, replays, or tells of every room.
    fileprivate var isSlow: Bool {
        switch self {
        case .logs, .roomEvents, .roomEventsSince, .roomState, .roomFigures, .roomStatistics, .systemStatistics: true
        default: false
        }
    }
}
