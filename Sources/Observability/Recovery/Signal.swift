/// A reading by which the recovery engine decides and judges; the unit ends the name.
public enum Signal: String, Sendable, Hashable, CaseIterable {
    /// Connections that ended in an error, as a share of all that ended in the last minute.
    case failureRatio = "failure_ratio"
    /// Messages that have waited for their receiver for more than a second.
    case pendingMessages = "pending_messages"
    /// Events a client is behind what it was sent.
    case sequenceGap = "sequence_gap"
    /// Rooms whose invariants or event chain do not hold.
    case corruptRooms = "corrupt_rooms"
    /// 1 while the store cannot be written, else 0.
    case storeFailing = "store_failing"
    /// Used share of the memory limit.
    case memoryRatio = "memory_ratio"
    /// Used share of the CPU limit.
    case cpuRatio = "cpu_ratio"
    /// Used share of the disk.
    case diskRatio = "disk_ratio"
    /// Connections opened in the last minute.
    case opensPerMinute = "opens_per_minute"
    /// Connections opened in the last minute against what is usual; see `ReconnectBaseline`.
    case openRatio = "open_ratio"
    /// 95th percentile from accepting a connection to its upgrade.
    case handshakeSeconds = "handshake_seconds"
    /// Faults of a plugin in the last minute.
    case pluginFaultsPerMinute = "plugin_faults_per_minute"
    /// 95th percentile of the event loops' lag.
    case loopLagSeconds = "loop_lag_seconds"
    /// Deliveries that failed, as a share of all in the last minute: the service level itself.
    case deliveryErrorRatio = "delivery_error_ratio"
}

/// What was measured at one moment; a signal nobody measured is absent.
public typealias SignalReadings = [Signal: Double]

/// What was measured of single rooms, connections or plugins: procedure, scope, its reading of the procedure's signal.
///
/// A scope that is not named has nothing wrong with it; its reading counts as zero.
public typealias ScopeReadings = [String: [String: Double]]
