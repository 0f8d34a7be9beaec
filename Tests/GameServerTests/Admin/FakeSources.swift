import Observability
import PluginAPI
import Synchronization
import TestSupport

@testable import GameServer
@testable import TestSupport

/// Sources that say what a test wants, and remember what was asked of them.
final class FakeSources: OperatorSources {
    private struct State {
        var actions: [OperatorAction] = []
        var triggers: [GameServer.RecoveryTrigger] = []
        var deliver: [@Sendable ([UInt8]) -> Bool] = []
        var damage: Damage?
        var holdsScrapes = false
        var holdsHealth = false
        var held: [@Sendable (Finding) -> Void] = []
    }

    /// What is wrong with every room's log.
    enum Damage {
        /// The record of this number is not what was written.
        case garbled(Int)
        /// The record of this number counts so many events from this number on.
        case miscounted(Int, first: Int, count: Int)
        /// There are no records.
        case lost
    }

    /// What was asked for, for a test to wait for.
    let asked = Journal<String>()
    /// Who holds it makes searches of the log take as long.
    let searching = Mutex(())
    private let state = Mutex(State())
    private let store: any EventStore
    private let logger: Logger

    /// - Parameter logger: whose lines are found.
    init(store: any EventStore, logger: Logger = .discarding()) {
        self.store = store
        self.logger = logger
    }

    /// From now on scrapes are asked for and not answered.
    func holdScrapes() { state.withLock { $0.holdsScrapes = true } }

    /// From now on health is asked for and not answered.
    func holdHealth() { state.withLock { $0.holdsHealth = true } }

    func damage(_ damage: Damage) { state.withLock { $0.damage = damage } }

    private func damaged(_ records: [StoredRecord]) -> [StoredRecord] {
        switch state.withLock({ $0.damage }) {
        case nil: records
        case .lost: []
        case .garbled(let number):
            records.map { record in
                var record = record
                if record.number == number { record.payload = Array("{".utf8) }
                return record
            }
        case .miscounted(let number, let first, let count):
            records.map { record in
                var record = record
                if record.number == number { (record.firstSequence, record.eventCount) = (first, count) }
                return record
            }
        }
    }

    var actions: [OperatorAction] { state.withLock { $0.actions } }
    var triggers: [GameServer.RecoveryTrigger] { state.withLock { $0.triggers } }

    func health(_ form: HealthForm, answer: @escaping @Sendable (Finding) -> Void) {
        let holds = state.withLock { state in
            if state.holdsHealth { state.held.append(answer) }
            return state.holdsHealth
        }
        guard !holds else { return asked.add("health") }
        switch form {
        case .own: answer(.json(Array(#"{"overall_status":"healthy"}"#.utf8)))
        case .draft: answer(.found(status: 503, type: "application/health+json", Array(#"{"status":"fail"}"#.utf8)))
        }
    }

    func scrape(accept: String?, acceptEncoding: String?, answer: @escaping @Sendable (Finding) -> Void) {
        let holds = state.withLock { state in
            if state.holdsScrapes { state.held.append(answer) }
            return state.holdsScrapes
        }
        asked.add("scrape")
        if !holds { answer(.found(type: "text/plain; version=0.0.4", Array("gameserver_up 1\n".utf8))) }
    }

    func trigger(_ order: GameServer.RecoveryTrigger, answer: @escaping @Sendable (Finding) -> Void) {
        state.withLock { $0.triggers.append(order) }
        switch order.name {
        case "memory_pressure": answer(.json(Array(#"{"success":true,"triggered":true}"#.utf8)))
        case "system_overload": answer(.refused("cooling down for 12 s"))
        default: answer(.notFound("there is no procedure \(order.name)"))
        }
    }

    func records(
        of room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void
    ) {
        store.read(room, after: sequence, limit: limit) { [self] outcome in
            guard case .records(let records, let head) = outcome else { return answer(outcome) }
            answer(.records(damaged(records), head: head))
        }
    }

    func history(
        of room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void
    ) {
        store.history(room, from: base, through: last) { [self] outcome in
            guard case .parts(let snapshot, let records, let head) = outcome else { return answer(outcome) }
            answer(.parts(snapshot: snapshot, records: damaged(records), head: head))
        }
    }

    func note(_ action: OperatorAction) { state.withLock { $0.actions.append(action) } }

    func logs(_ question: LogQuestion, answer: @escaping @Sendable (Finding) -> Void) {
        asked.add("logs")
        searching.withLock { _ in }
        logger.flush()
        answer(.page(logger.search(question.filter)))
    }

    func logLevels() -> Finding { .json(Array(#"{"level":"info","categories":{}}"#.utf8)) }

    func logLevel(of category: LogCategory?) -> LogLevel {
        category.map { logger.levels[$0] } ?? logger.levels.general
    }

    func setLogLevel(_ level: LogLevel, for category: LogCategory?) -> Finding {
        logger.setLevel(level, for: category)
        return logLevels()
    }

    func tail(_ filter: LogQuestion, deliver: @escaping @Sendable ([UInt8]) -> Bool) -> (any FollowedLog)? {
        state.withLock { $0.deliver.append(deliver) }
        return Tail()
    }

    /// Writes a line into every log that is followed.
    ///
    /// - Returns: how many took it.
    func write(_ line: String) -> Int {
        state.withLock { $0.deliver }.count { $0(Array(line.utf8)) }
    }

    private struct Tail: FollowedLog {
        let lost = 0
        func end() {}
    }
}
