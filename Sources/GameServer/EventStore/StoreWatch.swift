/// When the writer has to look at what happens without being asked.
struct StoreWatch {
    private let options: SQLiteOptions
    private var nextLook: ContinuousClock.Instant
    private var nextCleanup: ContinuousClock.Instant?
    private var lastNoted: ContinuousClock.Instant?
    /// As last seen; nil before it was.
    private(set) var version: Int64?
    private var hasForeignWrite = false
    /// Whether what is known to be there has to be learned anew: somebody else has written, or learning it failed.
    private(set) var hasToLearn = false
    private(set) var lastGroup: ContinuousClock.Instant

    /// The first cleanup does not wait longer than this, so that one that is often started anew cleans up too.
    private static let firstCleanup = Duration.seconds(60)
    /// How often writes of others become a system event at most.
    private static let noteEvery = Duration.seconds(60)

    init(_ options: SQLiteOptions, now: ContinuousClock.Instant) {
        self.options = options
        nextLook = now + options.watchEvery
        nextCleanup = options.schedule.map { now + min($0.every, Self.firstCleanup) }
        lastGroup = now
    }

    /// How long there is nothing to do.
    func patience(_ now: ContinuousClock.Instant, hasLog: Bool) -> Duration {
        let look = max(nextLook - now, .zero)
        return hasLog ? min(look, max(lastGroup + options.idleCheckpointDelay - now, .zero)) : look
    }

    /// Whether it has been quiet for long enough to move a small log.
    func isQuiet(_ now: ContinuousClock.Instant) -> Bool { now >= lastGroup + options.idleCheckpointDelay }

    mutating func sawGroup(_ now: ContinuousClock.Instant) { lastGroup = now }

    /// - Returns: whether it is time to look.
    mutating func look(_ now: ContinuousClock.Instant) -> Bool {
        guard now >= nextLook else { return false }
        nextLook = now + options.watchEvery
        return true
    }

    /// - Returns: whether it is time to clean up.
    mutating func cleanup(_ now: ContinuousClock.Instant) -> Bool {
        guard let schedule = options.schedule, let due = nextCleanup, now >= due else { return false }
        nextCleanup = now + schedule.every
        return true
    }

    /// Another connection counts its versions from somewhere else, and one's own taking back may change it.
    mutating func opened(version: Int64) { self.version = version }

    /// Any other change of the version is somebody else's write.
    mutating func saw(version found: Int64) {
        if let version, found != version {
            hasForeignWrite = true
            hasToLearn = true
        }
        version = found
    }

    mutating func learned(_ isDone: Bool) { hasToLearn = !isDone }

    /// - Returns: whether somebody else has written since the last time.
    mutating func takeForeignWrite() -> Bool {
        defer { hasForeignWrite = false }
        return hasForeignWrite
    }

    /// - Returns: whether a write of others is to become a system event.
    mutating func notes(_ now: ContinuousClock.Instant) -> Bool {
        if let lastNoted, now - lastNoted < Self.noteEvery { return false }
        lastNoted = now
        return true
    }
}
