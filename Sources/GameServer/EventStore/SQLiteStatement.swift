import CSQLite

/// A prepared statement; as a row while it is being read.
final class SQLiteStatement {
    enum Value {
        case integer(Int)
        case blob([UInt8])
        case text([UInt8])
        case null
    }

    private let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs a statement that returns no row.
    func run(_ values: Value...) throws(SQLiteFailure) {
        defer { sqlite3_reset(handle) }
        try bind(values)
        while try step() {}
    }

    func first<Result>(_ values: Value..., read: (SQLiteStatement) -> Result) throws(SQLiteFailure) -> Result? {
        defer { sqlite3_reset(handle) }
        try bind(values)
        return try step() ? read(self) : nil
    }

    func all<Result>(_ values: Value..., read: (SQLiteStatement) -> Result) throws(SQLiteFailure) -> [Result] {
        defer { sqlite3_reset(handle) }
        try bind(values)
        var results: [Result] = []
        while try step() { results.append(read(self)) }
        return results
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func int(_ column: Int32) -> Int { Int(integer(column)) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a blob or of a text.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// A digest; one of the wrong length reads as zero, which continues nothing.
    func digest(_ column: Int32) -> Digest { Digest(bytes: bytes(column)) ?? .zero }

    private func bind(_ values: [Value]) throws(SQLiteFailure) {
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .integer(let integer): sqlite3_bind_int64(handle, index, Int64(integer))
                case .blob(let bytes): csqlite_bind_blob(handle, index, bytes, Int32(clamping: bytes.count))
                case .text(let bytes): csqlite_bind_text(handle, index, bytes, Int32(clamping: bytes.count))
                case .null: sqlite3_bind_null(handle, index)
                }
            guard code == SQLITE_OK else { throw connection.failure(code) }
        }
    }

    private func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let code: throw connection.failure(code)
        }
    }
}

@available(*, unavailable) extension SQLiteStatement: Sendable {}
