/// The other loops on which a session is a guest. Lives on the session's own loop.
final class Branches {
    private var bridges: [Int: Bridge] = [:]
    private var awaited: Set<Int> = []
    private var crowded: Set<Int> = []

    subscript(loop: Int) -> Bridge? {
        get { bridges[loop] }
        set { bridges[loop] = newValue }
    }

    var loops: [Int] { Array(bridges.keys) }

    /// Whether a room of another loop waits for the client.
    var isAwaited: Bool { !awaited.isEmpty }

    /// Whether as many commands wait on another loop as may.
    var isCrowded: Bool { !crowded.isEmpty }

    func set(isCrowded: Bool, on loop: Int) {
        if isCrowded { crowded.insert(loop) } else { crowded.remove(loop) }
    }

    func set(isAwaited: Bool, on loop: Int) {
        if isAwaited { awaited.insert(loop) } else { awaited.remove(loop) }
    }
}
