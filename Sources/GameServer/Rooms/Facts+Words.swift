import PluginAPI

// The core's own words as middleware hears them.

extension AppendOutcome {
    var word: Commit.Outcome {
        switch self {
        case .committed: .committed
        case .conflict: .conflict
        case .fenced: .fenced
        case .unavailable: .unavailable
        case .unknown: .unknown
        }
    }
}

extension Record.Cause {
    var word: Commit.Cause {
        switch self {
        case .create: .create
        case .join: .join
        case .act: .act
        case .host: .host
        case .leave: .leave
        case .bot: .bot
        case .timer: .timer
        case .tick: .tick
        case .presence: .presence
        case .admin: .admin
        }
    }
}

extension ResumeVerdict {
    var word: Resumption.Verdict {
        switch self {
        case .new, .live: .live
        case .replayed: .replayed
        case .snapshot: .snapshot
        }
    }
}

extension Draft {
    /// Who closed the room: the server for a reason of its own, its host, or the last who left it.
    private var closingReason: String {
        switch record.cause {
        case .admin(let reason): reason
        case .host: "host"
        default: "abandoned"
        }
    }

    /// What the step means for the room as a whole.
    var turn: Commit.Turn {
        if record.record == 1 { return .opened }
        guard before != state.status else { return .none }
        switch state.status {
        case .waiting: return .none
        case .playing: return .started
        case .finished: return .finished
        case .closed: return .closed(reason: closingReason, age: Elapsed(max(record.at - state.created, .zero)))
        }
    }
}
