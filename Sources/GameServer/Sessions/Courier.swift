import PluginAPI
import WebSocket

/// What a room's loop tells the loop of a connection that is its guest.
enum GuestNews: Sendable {
    /// A message that many may share.
    case message(EncodedMessage)
    /// One that may hold a secret or a hand.
    case text([UInt8])
    /// One that every watcher may read.
    case publicText([UInt8])
    case joined(RoomID)
    case left(RoomID)
    /// A request to come in was refused.
    case refused(RoomID)
    /// This is the room that was asked for with the secret; that it was joined or refused follows.
    case creates(RoomID, Digest)
    /// None is created with the secret.
    case createsNone(Digest)
    /// One room is over for it; the connection too when it was the last.
    case expelled(RoomID, Disconnect)
    /// Whether a room waits for it.
    case awaited(Bool)
    /// Whether as many of its commands wait as may.
    case crowded(Bool)
    case close(CloseCode, reason: String)
    /// The connection has to end for a reason of the protocol's own.
    case end(Disconnect)

    /// Bytes that go to the peer.
    var bytes: Int {
        switch self {
        case .message(let message): message.payloadBytes
        case .text(let text), .publicText(let text): text.count
        default: 0
        }
    }
}

/// Carries what guests are told to the loops of their connections: all of a turn at once, and a message that many
/// share once for each loop. Lives on the rooms' loop.
final class Courier {
    private struct Parcel: Sendable {
        var clients: [UInt64]
        let news: GuestNews
    }

    private let neighbours: Neighbours
    private let timeline: any Timeline
    private var parcels: [Int: [Parcel]] = [:]
    private var isPlanned = false
    /// How long a loop that takes nothing is left alone.
    private static let pause = Duration.milliseconds(10)

    init(_ neighbours: Neighbours, timeline: any Timeline) {
        self.neighbours = neighbours
        self.timeline = timeline
    }

    func send(_ news: GuestNews, to client: UInt64, on loop: Int) {
        var waiting = parcels[loop] ?? []
        parcels[loop] = nil
        if case .message(let message) = news, let last = waiting.indices.last,
            case .message(let before) = waiting[last].news, before === message
        {
            waiting[last].clients.append(client)
        } else {
            waiting.append(Parcel(clients: [client], news: news))
        }
        parcels[loop] = waiting
        plan(at: timeline.now)
    }

    /// Ends a guest, as soon as its loop takes that.
    func end(_ client: UInt64, on loop: Int) {
        if neighbours.send(to: loop, { $0.sessions.guest(client)?.obey(.end) }) { return }
        _ = timeline.alarm(at: timeline.now + Self.pause) { [weak self] in self?.end(client, on: loop) }
    }

    private func plan(at instant: MonotonicTime) {
        guard !isPlanned else { return }
        isPlanned = true
        _ = timeline.alarm(at: instant) { [weak self] in self?.leave() }
    }

    /// What a loop does not take because too much waits there goes with the next.
    private func leave() {
        isPlanned = false
        let origin = neighbours.index
        for (loop, waiting) in parcels {
            let isSent = neighbours.send(to: loop) { there in
                for parcel in waiting {
                    for client in parcel.clients { there.sessions.home(client)?.heard(parcel.news, from: origin) }
                }
            }
            if isSent { parcels[loop] = nil }
        }
        if !parcels.isEmpty { plan(at: timeline.now + Self.pause) }
    }
}
