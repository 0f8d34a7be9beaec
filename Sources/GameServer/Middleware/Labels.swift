import Observability
import PluginAPI

// Words of the hooks as label values.

extension CommitLabel {
    init(_ outcome: Commit.Outcome) {
        self =
            switch outcome {
            case .committed: .committed
            case .conflict: .conflict
            case .fenced: .fenced
            case .unavailable: .unavailable
            case .unknown: .unknown
            }
    }
}

extension ResumeLabel {
    init(_ verdict: Resumption.Verdict) {
        self =
            switch verdict {
            case .live: .live
            case .replayed: .replayed
            case .snapshot: .snapshot
            case .refused: .refused
            }
    }
}

extension RejectionLabel {
    init(_ reason: AcceptVerdict.Reason) {
        self =
            switch reason {
            case .limit: .limit
            case .auth: .auth
            case .origin: .origin
            case .rate: .rate
            case .draining: .draining
            case .overload: .overload
            case .badRequest: .badRequest
            }
    }
}

extension RoomEndLabel {
    init(reason: String) {
        self =
            switch reason {
            case "finished": .finished
            case "abandoned": .abandoned
            case "host": .host
            default: .other
            }
    }
}

extension ProtocolErrorLabel {
    /// By the code the connection was closed with.
    init(code: UInt16) {
        self =
            switch code {
            case 1007: .text
            case 1009: .tooBig
            case 1003: .message
            case 4505, 4509: .hello
            default: .frame
            }
    }
}
