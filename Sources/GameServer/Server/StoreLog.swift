import Observability
import PluginAPI

/// Makes numbers, log lines and news for the monitor of what the store's threads report.
struct StoreLog: StoreObserver {
    private let logger: Logger
    private let metrics: Observability.Metrics
    private let tell: @Sendable (StoreNews) -> Void

    init(_ logger: Logger, _ metrics: Observability.Metrics, tell: @escaping @Sendable (StoreNews) -> Void = { _ in }) {
        self.logger = logger
        self.metrics = metrics
        self.tell = tell
    }

    /// A commit that takes longer is looked into at once.
    private static let slowCommit = Duration.milliseconds(500)

    func committed(writes: Int, bytes: Int, took: Duration) {
        if took > Self.slowCommit { tell(.slow(took)) }
        metrics.storeGroupSize.record(writes)
        metrics.storeOperationSeconds.record(took, .commit)
    }

    func performed(_ operation: StoreOperation, took: Duration) {
        metrics.storeOperationSeconds.record(took, StoreOperationLabel(named: operation.rawValue))
    }

    func checkpointed(pages: Int, left: Int, took: Duration) {
        metrics.storeOperationSeconds.record(took, .checkpoint)
    }

    func measured(_ size: StoreSize) {
        metrics.storeSizeBytes.set(Double(size.databaseBytes))
        metrics.storeWalBytes.set(Double(size.walBytes))
        metrics.storeFreePages.set(Double(size.freePages))
        metrics.storeCacheHits.raise(to: size.cacheHits)
        metrics.storeCacheMisses.raise(to: size.cacheMisses)
    }

    func failed(_ operation: StoreOperation, code: Int32) {
        let kind = StoreFailureKind(code: code)
        metrics.storeErrors.add(1, StoreOperationLabel(named: operation.rawValue), StoreErrorLabel(kind))
        if kind == .busy { metrics.storeBusy.add(1) }
        logger.log(
            .error, .system, "store_failed", "\(operation.rawValue) failed with sqlite code \(code)",
            ["operation": .string(operation.rawValue), "sqlite_code": .integer(Int(code))],
            about: .error(LogError(type: "store.\(kind.rawValue)", message: "\(operation.rawValue) failed")))
    }

    func refused(_ operation: StoreOperation) {
        metrics.queueDropped.add(1, .store)
        logger.log(
            .warning, .system, "store_overloaded", "\(operation.rawValue) refused: the store's inbox is full",
            ["operation": .string(operation.rawValue)])
    }

    func troubled(_ kind: StoreFailureKind) {
        logger.log(
            .error, .system, "store_troubled", "the store cannot be written: \(kind.rawValue)",
            ["kind": .string(kind.rawValue)],
            about: .error(LogError(type: "store.\(kind.rawValue)", message: "the store cannot be written")))
        tell(.troubled(kind))
    }

    func recovered() {
        logger.log(.notice, .system, "store_recovered", "the store can be written again")
        tell(.recovered)
    }

    func foreignWrite() {
        logger.log(.warning, .security, "foreign_write", "somebody else wrote to the database")
        tell(.foreignWrite)
    }

    func chainBroken(_ room: RoomID, number: Int) {
        logger.log(
            .critical, .security, "chain_broken", "record \(number) is not what was written",
            ["record": .integer(number)],
            about: .error(LogError(type: "store.chain", message: "a record is not what was written", recovered: false)),
            in: LogContext(roomID: room.description))
        tell(.chainBroken(room, number: number))
    }

    func chainMended(_ room: RoomID, number: Int) {
        logger.log(
            .notice, .recovery, "chain_mended", "record \(number) is whole again, or gone",
            ["record": .integer(number)], in: LogContext(roomID: room.description))
        tell(.chainMended(room))
    }

    func cleaned(_ report: CleanupReport) {
        logger.log(
            .info, .system, "store_cleaned", "deleted \(report.rooms) rooms and \(report.records) records in all",
            [
                "rooms": .integer(report.rooms), "trimmed_rooms": .integer(report.trimmedRooms),
                "records": .integer(report.records), "events": .integer(report.events),
                "bytes": .integer(report.bytes), "system_events": .integer(report.systemEvents),
                "damaged_rooms": .integer(report.damagedRooms), "duration_ms": .duration(report.took),
            ])
    }
}

extension StoreErrorLabel {
    init(_ kind: StoreFailureKind) {
        self =
            switch kind {
            case .busy: .busy
            case .full: .full
            case .io: .io
            case .corrupt: .corrupt
            case .readonly: .readonly
            case .other: .other
            }
    }
}

extension Observability.Metrics {
    /// Has what waits for the store read at each scrape: the store's own thread could not tell while it is held up.
    func watch(_ store: SQLiteEventStore) {
        queueDepth.read(.store) { [weak store] in Double(store?.queue.count ?? 0) }
        queueOldestSeconds.read(.store) { [weak store] in Elapsed(store?.queue.oldest ?? .zero).seconds }
        eventAppendLagSeconds.read { [weak store] in Elapsed(store?.appendLag ?? .zero).seconds }
    }
}
