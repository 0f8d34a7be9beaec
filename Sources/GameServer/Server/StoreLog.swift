import Observability

/// Logs what the store's thread reports.
struct StoreLog: StoreObserver {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func failed(_ operation: StoreOperation, code: Int32) {
        logger.log(
            .error, .system, "store_failed", "\(operation.rawValue) failed with sqlite code \(code)",
            ["operation": .string(operation.rawValue), "sqlite_code": .integer(Int(code))])
    }

    func refused(_ operation: StoreOperation) {
        logger.log(
            .warning, .system, "store_overloaded", "\(operation.rawValue) refused: the store's inbox is full",
            ["operation": .string(operation.rawValue)])
    }
}
