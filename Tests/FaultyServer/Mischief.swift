import Foundation

/// What commands have changed for the whole process. No sound game has such a thing; this one is here to be unsound.
final class Mischief: @unchecked Sendable {
    // Safe to share: every access holds `condition`.
    static let current = Mischief()

    /// What the probe sees.
    enum Mood: String, Codable, Sendable {
        case healthy, warning, critical
        /// `measure` throws.
        case fail
        /// `measure` does not return before the mood has changed.
        case hang
    }

    /// What the middleware does when it is called.
    enum Manner: Sendable, Equatable {
        case none, fail
        case slow(Duration)
    }

    private let condition = NSCondition()
    private var mood = Mood.healthy
    private var meddling = Manner.none
    private var failsEvery = 0
    private var actions = 0

    func set(mood new: Mood) {
        condition.lock()
        mood = new
        condition.broadcast()
        condition.unlock()
    }

    /// The mood now, waited for as long as it is `hang`.
    func awaitMood() -> Mood {
        condition.lock()
        defer { condition.unlock() }
        while mood == .hang { condition.wait() }
        return mood
    }

    var manner: Manner {
        condition.withLock { meddling }
    }

    func set(manner: Manner) {
        condition.withLock { meddling = manner }
    }

    /// - Parameter number: 0 for none.
    func fail(every number: Int) {
        condition.lock()
        defer { condition.unlock() }
        (failsEvery, actions) = (number, 0)
    }

    /// Counts an action.
    ///
    /// - Returns: whether it is one that fails.
    func failsNext() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard failsEvery > 0 else { return false }
        actions += 1
        return actions.isMultiple(of: failsEvery)
    }
}
