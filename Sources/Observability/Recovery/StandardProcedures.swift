/// The procedures the server ships. None destroys data: messages collapse into a snapshot, rooms are rebuilt from their
/// events, and what is refused in an emergency is told to come back.
public enum StandardProcedures {
    public static let all = [
        staleConnections, highPendingMessages, roomStateCorruption, clientDesync, memoryPressure, systemOverload,
        databaseConnectionLoss, reconnectStorm, pluginFault,
    ]

    static let staleConnections = RecoveryProcedure(
        id: "stale_connections", description: "Ping the silent connections and close those that do not answer",
        action: "cleanup_connections", component: "websocket", severity: .medium,
        trigger: RecoveryTrigger(RecoveryCondition(.failureRatio, .above, 0.15)),
        attempts: AttemptLimits(5, every: .seconds(30)), blastRadius: 0.2,
        verification: RecoveryVerification(.init(.failureRatio, to: 0.10), within: .seconds(90)), needsProof: true,
        // What fails to be delivered are the messages to those very connections.
        unwatched: [.deliveryErrorRatio])

    static let highPendingMessages = RecoveryProcedure(
        id: "high_pending_messages", description: "Replace what slow receivers have waiting by one snapshot each",
        action: "collapse_pending_messages", component: "websocket", severity: .medium,
        trigger: RecoveryTrigger(RecoveryCondition(.pendingMessages, .above, 100)),
        attempts: AttemptLimits(3, every: .seconds(60)), blastRadius: 0.2,
        verification: RecoveryVerification(.init(.pendingMessages, to: 50)),
        escalation: RecoveryEscalation(to: "stale_connections", after: 2))

    static let roomStateCorruption = RecoveryProcedure(
        id: "room_state_corruption", description: "Rebuild the room from its events, compare, and swap it in",
        action: "rebuild_room", component: "game", severity: .high, scope: .room,
        trigger: RecoveryTrigger(RecoveryCondition(.corruptRooms, .above, 0)),
        attempts: AttemptLimits(2, inAll: 200, every: .seconds(120)), blastRadius: 0.05,
        verification: RecoveryVerification(
            .init(.corruptRooms, to: 0), settling: .seconds(2), within: .seconds(15), samples: 2),
        needsProof: true, playerText: "The room was restored from its history. Nothing that was played is lost.")

    static let clientDesync = RecoveryProcedure(
        id: "client_desync", description: "Send the client that missed events one snapshot and what follows it",
        action: "force_sync", component: "websocket", severity: .medium, scope: .connection,
        trigger: RecoveryTrigger(RecoveryCondition(.sequenceGap, .above, 10)),
        attempts: AttemptLimits(3, inAll: 300, every: .seconds(30)), blastRadius: 0.2,
        verification: RecoveryVerification(
            .init(.sequenceGap, to: 0), settling: .seconds(2), within: .seconds(15), samples: 2),
        needsProof: true, playerText: "Brought up to date.")

    static let memoryPressure = RecoveryProcedure(
        id: "memory_pressure", description: "Put idle rooms to sleep and give their memory back",
        action: "free_memory", component: "system", severity: .high,
        trigger: RecoveryTrigger(RecoveryCondition(.memoryRatio, .above, 0.90)),
        attempts: AttemptLimits(3, every: .seconds(60)),
        verification: RecoveryVerification(.init(.memoryRatio, to: 0.85)),
        escalation: RecoveryEscalation(to: "system_overload", after: 2))

    static let systemOverload = RecoveryProcedure(
        id: "system_overload", description: "Protection mode: games go on, new connections and rooms wait",
        action: "protection_mode", component: "system", severity: .critical,
        trigger: RecoveryTrigger(
            RecoveryCondition(.cpuRatio, .above, 0.95), RecoveryCondition(.memoryRatio, .above, 0.95),
            observations: 3),
        attempts: AttemptLimits(1, every: .seconds(300)),
        verification: RecoveryVerification(
            .init(.loopLagSeconds, to: 0.050), .init(.cpuRatio, to: 0.80), .init(.memoryRatio, to: 0.85),
            within: .seconds(60)),
        release: RecoveryRelease(
            RecoveryCondition(.cpuRatio, .below, 0.80), RecoveryCondition(.memoryRatio, .below, 0.90),
            after: .seconds(60)))

    static let databaseConnectionLoss = RecoveryProcedure(
        id: "database_connection_loss", description: "Make room, open the store again, and write what waited",
        action: "reopen_store", component: "store", severity: .high,
        trigger: RecoveryTrigger(RecoveryCondition(.storeFailing, .above, 0)),
        attempts: AttemptLimits(5, every: .seconds(10)),
        verification: RecoveryVerification(.init(.storeFailing, to: 0), settling: .seconds(2), within: .seconds(10)))

    static let reconnectStorm = RecoveryProcedure(
        id: "reconnect_storm", description: "Admit new connections at a steady rate; tell the others when to come back",
        action: "admission_control", component: "websocket", severity: .high,
        trigger: RecoveryTrigger(
            RecoveryCondition(.openRatio, .above, 4), RecoveryCondition(.opensPerMinute, .above, 50)),
        attempts: AttemptLimits(3, every: .seconds(60)),
        verification: RecoveryVerification(
            // The ratio is of a whole minute, which has to run out behind the last of the storm.
            .init(.handshakeSeconds, to: 0.100), .init(.openRatio, to: 2), within: .seconds(120)),
        release: RecoveryRelease(RecoveryCondition(.openRatio, .below, 2), after: .seconds(60)),
        escalation: RecoveryEscalation(to: "system_overload", after: 3))

    static let pluginFault = RecoveryProcedure(
        id: "plugin_fault",
        description: "Compare the rooms that faulted with their history; open no new ones when it goes on",
        action: "restart_plugin", component: "game", severity: .high, scope: .plugin,
        trigger: RecoveryTrigger(RecoveryCondition(.pluginFaultsPerMinute, .above, 5)),
        attempts: AttemptLimits(3, inAll: 30, every: .seconds(60)), blastRadius: 0.2,
        verification: RecoveryVerification(.init(.pluginFaultsPerMinute, to: 0), within: .seconds(90)),
        needsProof: true,
        playerText: "The game had a fault and was restarted from its history.")
}
