@testable import GameServer
import PluginAPI

/// Remembers everything middleware is told.
final class HookLog: Middleware {
    let name = "hook_log"
    let interests = MiddlewareHooks(MiddlewareHooks.named.map(\.hook))

    private(set) var attached: [Membership] = []
    private(set) var detached: [Membership] = []
    private(set) var dropped: [Membership] = []
    private(set) var commits: [Commit] = []
    private(set) var deliveries: [Delivery] = []
    private(set) var acknowledgements: [Acknowledgement] = []
    private(set) var lags: [Lag] = []
    private(set) var resumptions: [Resumption] = []
    private(set) var stalls: [Stall] = []
    private(set) var recoveries: [Recovery] = []
    private(set) var departures: [Departure] = []
    private(set) var messages: [InboundMessage] = []

    func receive(_ message: InboundMessage) -> ReceiveVerdict {
        messages.append(message)
        return .pass
    }

    func attach(_ fact: Membership) { attached.append(fact) }
    func commit(_ fact: Commit) { commits.append(fact) }
    func deliver(_ fact: Delivery) { deliveries.append(fact) }
    func acknowledge(_ fact: Acknowledgement) { acknowledgements.append(fact) }
    func lag(_ fact: Lag) { lags.append(fact) }
    func drop(_ fact: Membership) { dropped.append(fact) }
    func resume(_ fact: Resumption) { resumptions.append(fact) }
    func stall(_ fact: Stall) { stalls.append(fact) }
    func recover(_ fact: Recovery) { recoveries.append(fact) }
    func detach(_ fact: Membership) { detached.append(fact) }
    func close(_ fact: Departure) { departures.append(fact) }

    /// Places that were taken and not given up, as `client seat`.
    var places: [String] {
        var open: [String] = []
        for fact in attached { open.append(Self.place(fact)) }
        for fact in detached {
            guard let index = open.firstIndex(of: Self.place(fact)) else {
                return ["given up twice: \(Self.place(fact))"]
            }
            open.remove(at: index)
        }
        return open.sorted()
    }

    private static func place(_ fact: Membership) -> String {
        "\(fact.client.id) \(fact.seat.map { String($0.index) } ?? "watcher")"
    }

    /// Each stall in a word.
    var stallWords: [String] {
        stalls.map { stall in
            switch stall {
            case .silent: "silent"
            case .unanswered: "unanswered"
            case .behind: "behind"
            case .store: "store"
            case .fault(_, _, let kind, _): "fault \(kind.rawValue)"
            case .unreadable: "unreadable"
            }
        }
    }

    var recoveryWords: [String] {
        recoveries.map { recovery in
            switch recovery {
            case .answered: "answered"
            case .snapshot(_, _, let reason): "snapshot \(reason)"
            case .store: "store"
            case .restored: "restored"
            case .mended(_, _, let procedure): "mended \(procedure)"
            case .vanished: "vanished"
            }
        }
    }

    var turns: [Commit.Turn] { commits.map(\.turn).filter { $0 != .none } }
}
