import PluginAPI

/// One thing asked of the thread that writes.
enum StoreRequest: StoreQuestion {
    case append(Append, @Sendable (AppendOutcome) -> Void)
    case claim(RoomID, ClaimOrigin, @Sendable (ClaimOutcome) -> Void)
    case checkpoint(RoomID, term: UInt64, Snapshot, @Sendable (CheckpointOutcome) -> Void)
    case note(SystemEvent, @Sendable (NoteOutcome) -> Void)
    /// The rest is done between two groups.
    case order(Order)

    enum Order: Sendable {
        case cleanup(CleanupRequest, @Sendable (CleanupOutcome) -> Void)
        /// Answered with whether it could write.
        case health(@Sendable (Bool) -> Void)
        case reopen(@Sendable (ReopenOutcome) -> Void)
        /// A checkpoint on its own thread has ended.
        case checkpointed
    }

    var bytes: Int {
        switch self {
        case .append(let append, _): append.payload.count
        case .checkpoint(_, _, let snapshot, _): snapshot.payload.count
        case .note(let event, _): event.bytes
        case .claim, .order: 0
        }
    }

    var isUrgent: Bool {
        if case .order = self { true } else { false }
    }

    var operation: StoreOperation {
        switch self {
        case .append: .append
        case .claim: .claim
        case .checkpoint: .snapshot
        case .note: .note
        case .order(.cleanup): .cleanup
        case .order(.health): .health
        case .order(.reopen): .reopen
        case .order(.checkpointed): .checkpoint
        }
    }

    func refuse() {
        switch self {
        case .append(_, let answer): answer(.unavailable)
        case .claim(_, _, let answer): answer(.unavailable)
        case .checkpoint(_, _, _, let answer): answer(.unavailable)
        case .note(_, let answer): answer(.unavailable)
        case .order(.cleanup(_, let answer)): answer(.unavailable)
        case .order(.health(let answer)): answer(false)
        case .order(.reopen(let answer)): answer(.unavailable)
        case .order(.checkpointed): break
        }
    }
}

/// One thing asked of the thread that only reads.
enum StoreReading: StoreQuestion {
    case read(RoomID, after: Int, limit: Int, @Sendable (ReadOutcome) -> Void)
    case history(RoomID, from: Int, through: Int, @Sendable (HistoryOutcome) -> Void)
    case directory(closedAfter: Timestamp, @Sendable (DirectoryOutcome) -> Void)
    case page(DirectoryPage, @Sendable (DirectoryOutcome) -> Void)
    case verify(RoomID, @Sendable (VerifyOutcome) -> Void)
    case systemEvents(
        after: Int, limit: Int, SystemEvent.Kind?, @Sendable (SystemEventsOutcome) -> Void)
    case verifySystemEvents(@Sendable (VerifyOutcome) -> Void)
    case statistics(Timestamp, @Sendable (StatisticsOutcome) -> Void)
    case dryRun(CleanupRequest, @Sendable (CleanupOutcome) -> Void)
    /// Check this room soon; nil for all rooms that changed lately.
    case scrub(RoomID?)

    var bytes: Int { 0 }

    var isUrgent: Bool {
        if case .scrub = self { true } else { false }
    }

    var operation: StoreOperation {
        switch self {
        case .read, .history: .read
        case .directory, .page: .directory
        case .verify: .verify
        case .systemEvents, .verifySystemEvents: .events
        case .statistics: .statistics
        case .dryRun: .cleanup
        case .scrub: .scrub
        }
    }

    func refuse() {
        switch self {
        case .read(_, _, _, let answer): answer(.unavailable)
        case .history(_, _, _, let answer): answer(.unavailable)
        case .directory(_, let answer): answer(.unavailable)
        case .page(_, let answer): answer(.unavailable)
        case .verify(_, let answer): answer(.unavailable)
        case .systemEvents(_, _, _, let answer): answer(.unavailable)
        case .verifySystemEvents(let answer): answer(.unavailable)
        case .statistics(_, let answer): answer(.unavailable)
        case .dryRun(_, let answer): answer(.unavailable)
        case .scrub: break
        }
    }
}
