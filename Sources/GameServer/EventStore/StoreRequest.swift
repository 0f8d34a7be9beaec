import PluginAPI

/// One thing asked of the store's thread, with the way to its answer.
enum StoreRequest: Sendable {
    case append(Append, @Sendable (AppendOutcome) -> Void)
    case claim(RoomID, ClaimOrigin, @Sendable (ClaimOutcome) -> Void)
    case checkpoint(RoomID, term: UInt64, Snapshot)
    case read(RoomID, after: Int, limit: Int, @Sendable (ReadOutcome) -> Void)
    case directory(closedAfter: Timestamp, @Sendable (DirectoryOutcome) -> Void)
    case verify(RoomID, @Sendable (VerifyOutcome) -> Void)

    /// Payload it brings along.
    var bytes: Int {
        switch self {
        case .append(let append, _): append.payload.count
        case .checkpoint(_, _, let snapshot): snapshot.payload.count
        case .claim, .read, .directory, .verify: 0
        }
    }

    var operation: StoreOperation {
        switch self {
        case .append: .append
        case .claim: .claim
        case .checkpoint: .snapshot
        case .read: .read
        case .directory: .directory
        case .verify: .verify
        }
    }

    /// Needs a transaction that is open for writing.
    var writes: Bool {
        switch self {
        case .append, .claim, .checkpoint: true
        case .read, .directory, .verify: false
        }
    }

    /// Answers that it was certainly not done.
    func refuse() {
        switch self {
        case .append(_, let answer): answer(.unavailable)
        case .claim(_, _, let answer): answer(.unavailable)
        case .checkpoint: break
        case .read(_, _, _, let answer): answer(.unavailable)
        case .directory(_, let answer): answer(.unavailable)
        case .verify(_, let answer): answer(.unavailable)
        }
    }
}
