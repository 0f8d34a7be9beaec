/// Ties each line of the audit trail to the one before it, so that a line changed, removed or put in between shows.
///
/// `audit` is the last member of such a line, `prev_hash` and `hash` are its last members, and `hash` is the SHA-256 of
/// the line's bytes before `,"hash":`. Whoever can write the file can compute a new chain, and lines cut off at the end
/// leave no trace in it: against both, keep a recent `hash` where a forger cannot write.
public struct AuditChain: Sendable {
    /// What the first line of a trail follows.
    public static let beginning = String(repeating: "0", count: 64)

    private static let mark = Array(",\"hash\":\"".utf8)
    private static let previousMark = Array("\"prev_hash\":\"".utf8)
    private static let end = Array("\"}}".utf8)
    /// Bytes of a seal with its line feed.
    static let sealBytes = mark.count + 64 + end.count + 1

    /// The hash of the last line.
    private(set) var head: String

    init(head: String = AuditChain.beginning) { self.head = head }

    /// - Parameter line: up to and with the value of `prev_hash`, which is `head`.
    mutating func seal(_ line: [UInt8]) -> [UInt8] {
        head = SHA256.hexadecimal(SHA256.hash(line))
        return line + Self.mark + Array(head.utf8) + Self.end + [UInt8(ascii: "\n")]
    }

    /// What a line says of itself and of the one before it, or nil when it is no whole line of a trail.
    static func link(_ line: ArraySlice<UInt8>) -> (previous: String, hash: String, isTrue: Bool)? {
        guard line.count > 2 * sealBytes, line.hasSuffix(end) else { return nil }
        let hashed = line.dropLast(sealBytes - 1)
        let hash = line.dropFirst(hashed.count + mark.count).prefix(64)
        guard line.dropFirst(hashed.count).prefix(mark.count).elementsEqual(mark), hashed.last == UInt8(ascii: "\"")
        else { return nil }
        let previous = hashed.dropLast().suffix(64)
        guard hashed.dropLast(65).hasSuffix(previousMark) else { return nil }
        let told = String(decoding: hash, as: UTF8.self)
        return (
            String(decoding: previous, as: UTF8.self), told, SHA256.hexadecimal(SHA256.hash(hashed)) == told
        )
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}

/// What a look through an audit trail found.
public struct AuditVerification: Sendable, Equatable {
    public struct Fault: Sendable, Equatable {
        public enum Kind: String, Sendable {
            /// Cut off, or no line of a trail.
            case notWhole = "not_whole"
            /// Its bytes are not those that were hashed.
            case changed
            /// It does not follow the line before it: lines between them are gone, or new ones came.
            case unlinked
        }

        public var file: String
        /// From 1.
        public var line: Int
        public var kind: Kind
    }

    public var lines = 0
    /// Hash before the first line: `AuditChain.beginning`, or another when older files are gone.
    public var first: String?
    /// Hash of the last line.
    public var head: String?
    /// At most `maxFaults`, in the order of the trail.
    public var faults: [Fault] = []

    public static let maxFaults = 100

    public var isWhole: Bool { faults.isEmpty }
}

extension AuditChain {
    /// Looks through a trail. Reads all of it: not on a loop.
    ///
    /// - Parameter path: of `audit.log`; the files rotated away from it come first.
    /// - Throws: `LogFileError.cannotOpen`.
    public static func verify(_ path: String) throws(LogFileError) -> AuditVerification {
        var result = AuditVerification()
        for file in LogArchive(path: path).all {
            var number = 0
            try LogReader(path: file.path).forEachLine { line in
                number += 1
                result.lines += 1
                func fault(_ kind: AuditVerification.Fault.Kind) {
                    guard result.faults.count < AuditVerification.maxFaults else { return }
                    result.faults.append(.init(file: file.path, line: number, kind: kind))
                }
                guard let link = link(line) else {
                    fault(.notWhole)
                    return true
                }
                if !link.isTrue { fault(.changed) }
                if let head = result.head, head != link.previous { fault(.unlinked) }
                if result.first == nil { result.first = link.previous }
                result.head = link.hash
                return true
            }
        }
        return result
    }

    /// The chain as the last whole line of a trail left it.
    static func resumed(at path: String) -> AuditChain {
        for file in LogArchive(path: path).all.reversed() {
            var head: String?
            // A trail that cannot be read starts anew; `verify` then shows where.
            guard let reader = try? LogReader(path: file.path) else { continue }
            reader.forEachLine { line in
                head = link(line)?.hash ?? head
                return true
            }
            if let head { return AuditChain(head: head) }
        }
        return AuditChain()
    }
}
