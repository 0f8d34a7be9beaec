/// The other loops on which a session is a guest. Lives on the session's own loop.
final class Branches {
    private var bridges: [Int: Bridge] = [:]
    private var awaited: Set<Int> = []

    subscript(loop: Int) -> Bridge? {
        get { bridges[loop] }
        set { bridges[loop] = newValue }
    }

    var loops: [Int] { Array(bridges.keys) }

    /// Whether a room of another loop waits for the client.
    var isAwaited: Bool { !awaited.isEmpty }

    func set(isAwaited: Bool, on loop: Int) {
        if isAwaited { awaited.insert(loop) } else { awaited.remove(loop) }
    }
}
