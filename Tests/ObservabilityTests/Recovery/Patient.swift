import Testing

@testable import Observability

/// A server that can be made ill, an engine that heals it, and the seconds between.
struct Patient {
    /// What a procedure is called for by, and what it reads like when it worked.
    struct Illness: CustomTestStringConvertible, Sendable {
        let procedure: String
        let scope: String
        let ill: SignalReadings
        let healed: SignalReadings
        /// Of the scope, for a procedure that has one.
        var scopeIll = 0.0

        var testDescription: String { procedure }
        var isOfServer: Bool { scope == RecoveryProcedure.serverScope }
    }

    static let illnesses = [
        Illness(
            procedure: "stale_connections", scope: "server", ill: [.failureRatio: 0.4], healed: [.failureRatio: 0.02]),
        Illness(
            procedure: "high_pending_messages", scope: "server", ill: [.pendingMessages: 400],
            healed: [.pendingMessages: 3]),
        Illness(
            procedure: "room_state_corruption", scope: "K3QX", ill: [.corruptRooms: 1], healed: [.corruptRooms: 0],
            scopeIll: 1),
        Illness(
            procedure: "client_desync", scope: "connection-7", ill: [.sequenceGap: 40], healed: [.sequenceGap: 0],
            scopeIll: 40),
        Illness(
            procedure: "memory_pressure", scope: "server", ill: [.memoryRatio: 0.93], healed: [.memoryRatio: 0.70]),
        Illness(
            procedure: "system_overload", scope: "server",
            ill: [.cpuRatio: 0.99, .memoryRatio: 0.97, .loopLagSeconds: 0.4],
            healed: [.cpuRatio: 0.70, .memoryRatio: 0.80, .loopLagSeconds: 0.004]),
        Illness(
            procedure: "database_connection_loss", scope: "server", ill: [.storeFailing: 1],
            healed: [.storeFailing: 0]),
        Illness(
            procedure: "reconnect_storm", scope: "server",
            ill: [.openRatio: 9, .opensPerMinute: 4000, .handshakeSeconds: 2],
            healed: [.openRatio: 1, .opensPerMinute: 60, .handshakeSeconds: 0.01]),
        Illness(
            procedure: "plugin_fault", scope: "liap-tui", ill: [.pluginFaultsPerMinute: 30],
            healed: [.pluginFaultsPerMinute: 0], scopeIll: 30),
    ]

    static let wellness: SignalReadings = [
        .failureRatio: 0.01, .pendingMessages: 2, .sequenceGap: 0, .corruptRooms: 0, .storeFailing: 0,
        .memoryRatio: 0.4, .cpuRatio: 0.2, .openRatio: 1, .opensPerMinute: 10, .handshakeSeconds: 0.01,
        .pluginFaultsPerMinute: 0, .loopLagSeconds: 0.002, .deliveryErrorRatio: 0.001,
    ]

    var engine: RecoveryEngine
    var now = Duration.seconds(1000)
    var readings = wellness
    var scopes: ScopeReadings = [:]

    /// - Parameter only: procedures left switched on; nil for all.
    init(only: Set<String>? = nil, seed: UInt64 = 1, limits: RecoveryLimits = RecoveryLimits()) {
        let procedures = StandardProcedures.all.filter { only?.contains($0.id) ?? true }
        engine = RecoveryEngine(procedures, limits: limits, luck: RecoveryLuck(seed))
    }

    mutating func fall(ill illness: Illness) {
        readings = Self.wellness.merging(illness.ill) { $1 }
        scopes = illness.isOfServer ? [:] : [illness.procedure: [illness.scope: illness.scopeIll]]
    }

    mutating func getWell(of illness: Illness) {
        readings = Self.wellness.merging(illness.healed) { $1 }
        scopes = [:]
    }

    /// One second passes and everything is measured.
    mutating func second() -> [RecoveryOrder] {
        now += .seconds(1)
        return engine.observe(readings, scopes: scopes, at: now)
    }

    /// - Returns: all orders of these seconds.
    mutating func seconds(_ count: Int) -> [RecoveryOrder] { (0..<count).flatMap { _ in second() } }

    struct NothingCame: Error {}

    /// Lets time pass until something is to be done; what is taken back meanwhile is nobody's.
    mutating func nextOrder(within seconds: Int = 400) throws -> RecoveryOrder {
        for _ in 0..<seconds {
            if let order = second().first(where: { $0.kind == .act }) { return order }
        }
        throw NothingCame()
    }

    /// Lets time pass until the run has come to its end; orders in between are nobody's.
    mutating func end(of order: RecoveryOrder, within seconds: Int = 300) throws -> RecoveryRun {
        for _ in 0..<seconds {
            if let run = engine.takeFinished().first(where: { $0.run == order.run }) { return run }
            _ = second()
        }
        throw NothingCame()
    }

    mutating func acted(_ order: RecoveryOrder, _ report: ActionReport) { engine.acted(order.run, report, at: now) }
}

extension ActionReport {
    /// Did what it was asked to, and can prove it.
    static let healing = ActionReport(.done, touched: 1, eligible: 10, repaired: 1)
}
