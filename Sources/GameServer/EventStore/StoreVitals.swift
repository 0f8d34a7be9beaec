import PluginAPI
import Synchronization

/// What the store's threads know of how it is doing, for whoever asks.
final class StoreVitals: Sendable {
    private struct Signs {
        /// Rises when the database is opened anew: what is open of an earlier one is to be closed.
        var generation = 0
        var busySince: ContinuousClock.Instant?
        var commits: [Duration] = []
        var nextCommit = 0
        var lastCommitAt: ContinuousClock.Instant?
        var walPages = 0
        var failure: (operation: StoreOperation, code: Int32, at: ContinuousClock.Instant)?
        var trouble: StoreFailureKind?
        var file = StoreHealth.File.same
        var foreignWrites = 0
        /// Rooms with a damaged record, and its number.
        var broken: [RoomID: Int] = [:]
    }

    /// How many of the last commits the 95th percentile is taken over.
    private static let keptCommits = 256
    /// Most damaged rooms remembered. Above it further ones are reported each time they are found.
    private static let maxBroken = 10_000

    private let signs = Mutex(Signs())

    var generation: Int { signs.withLock { $0.generation } }

    var trouble: StoreFailureKind? { signs.withLock { $0.trouble } }

    var file: StoreHealth.File { signs.withLock { $0.file } }

    var lastCommitAge: Duration? { signs.withLock { $0.lastCommitAt.map { .now - $0 } } }

    /// Whether the disk was full lately, also if a smaller write has succeeded since.
    func wasFull(within age: Duration) -> Bool {
        signs.withLock { signs in
            signs.trouble == .full
                || signs.failure.map { StoreFailureKind(code: $0.code) == .full && .now - $0.at <= age } ?? false
        }
    }

    /// How long the group at work has been at it; nil when none is.
    var busyFor: Duration? { signs.withLock { $0.busySince.map { .now - $0 } } }

    func began() { signs.withLock { $0.busySince = .now } }

    func ended(walPages: Int) {
        signs.withLock { signs in
            signs.busySince = nil
            signs.walPages = walPages
        }
    }

    func committed(took: Duration) {
        signs.withLock { signs in
            if signs.commits.count < Self.keptCommits {
                signs.commits.append(took)
            } else {
                signs.commits[signs.nextCommit % Self.keptCommits] = took
            }
            signs.nextCommit += 1
            signs.lastCommitAt = .now
        }
    }

    func failed(_ operation: StoreOperation, code: Int32) {
        signs.withLock { $0.failure = (operation, code, .now) }
    }

    /// - Returns: whether this is news.
    func troubled(_ kind: StoreFailureKind) -> Bool {
        signs.withLock { signs in
            defer { signs.trouble = kind }
            return signs.trouble != kind
        }
    }

    /// Writing works. That the file is the wrong one stays trouble.
    ///
    /// - Returns: whether this is news.
    func recovered() -> Bool {
        signs.withLock { signs in
            guard signs.trouble != nil, signs.file == .same else { return false }
            signs.trouble = nil
            return true
        }
    }

    /// - Returns: whether this is news.
    func found(_ file: StoreHealth.File) -> Bool {
        signs.withLock { signs in
            defer { signs.file = file }
            return signs.file != file
        }
    }

    func openedAnew() { signs.withLock { $0.generation += 1 } }

    func sawForeignWrite() { signs.withLock { $0.foreignWrites += 1 } }

    var brokenRooms: [RoomID] { signs.withLock { Array($0.broken.keys) } }

    func isBroken(_ room: RoomID) -> Bool { signs.withLock { $0.broken[room] != nil } }

    /// - Returns: whether the break was not known.
    func broke(_ room: RoomID, number: Int) -> Bool {
        signs.withLock { signs in
            guard signs.broken[room] != number else { return false }
            if signs.broken.count < Self.maxBroken { signs.broken[room] = number }
            return true
        }
    }

    /// - Returns: the record that was damaged, if the room was known to be.
    func mended(_ room: RoomID) -> Int? {
        signs.withLock { $0.broken.removeValue(forKey: room) }
    }

    /// - Parameter queue: what waits for the writer, and since when the oldest has.
    func health(queue: (count: Int, oldest: ContinuousClock.Instant?), freeDiskBytes: Int?) -> StoreHealth {
        let now = ContinuousClock.now
        var health = StoreHealth()
        signs.withLock { signs in
            health.trouble = signs.trouble
            health.file = signs.file
            health.lastCommit =
                signs.commits.isEmpty
                ? nil : signs.commits[(signs.nextCommit - 1) % Self.keptCommits]
            health.lastCommitAge = signs.lastCommitAt.map { now - $0 }
            let sorted = signs.commits.sorted()
            health.commitP95 = sorted.isEmpty ? nil : sorted[(sorted.count - 1) * 95 / 100]
            health.busyFor = signs.busySince.map { now - $0 }
            health.walPages = signs.walPages
            health.lastFailure = signs.failure.map {
                .init(operation: $0.operation, kind: .init(code: $0.code), code: $0.code, age: now - $0.at)
            }
            health.foreignWrites = signs.foreignWrites
            health.brokenRooms = signs.broken.count
        }
        health.waitingRequests = queue.count
        health.oldestWaiting = queue.oldest.map { now - $0 }
        health.freeDiskBytes = freeDiskBytes
        return health
    }
}
