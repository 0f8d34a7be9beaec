import PluginAPI
import WebSocket

/// The `room` message as a value: compared to know whether to tell, written when there is something to tell.
///
/// - Source: docs/PROTOCOL.md, "room".
struct RoomStatus: Equatable {
    struct SeatLine: Equatable {
        var name: String
        var kind: SeatState.Occupant
        var connected: Bool
        var graceEnd: MonotonicTime?
    }

    struct WaitingLine: Equatable {
        var seats: [Seat]
        var purpose: String
        var since: Timestamp
        var deadline: Timestamp?
    }

    var state: RoomSummary.Status
    var host: Seat
    var seats: [SeatLine]
    var waiting: WaitingLine?

    init(of state: RoomState, attendance: Attendance, timers: RunningTimers) {
        self.state = state.status
        host = state.host
        seats = state.seats.enumerated().map { index, seat in
            let isBot = seat.occupant == .bot
            return SeatLine(
                name: seat.name, kind: seat.kind,
                connected: isBot || (seat.occupant == .human && attendance.looksConnected(Seat(index))),
                graceEnd: seat.kind == .human ? attendance.graceEnd(of: Seat(index)) : nil)
        }
        waiting = state.waiting.map { waiting in
            WaitingLine(
                seats: waiting.seats, purpose: waiting.purpose, since: state.waitingSince,
                deadline: waiting.timer.flatMap { timers.deadline(of: $0) })
        }
    }

    /// The whole message.
    func message(_ room: RoomID, rev: Int, now: MonotonicTime) -> [UInt8] {
        var text = ServerMessage.start("room", room: room)
        text.append(UInt8(ascii: ","))
        appendFields(rev: rev, now: now, to: &text)
        text.append(json: "}")
        return text
    }

    /// The fields as `joined` carries them in `status`.
    func object(_ room: RoomID, rev: Int, now: MonotonicTime) -> [UInt8] {
        var text: [UInt8] = []
        text.append(json: #"{"room":"#)
        text.append(jsonString: room.description)
        text.append(UInt8(ascii: ","))
        appendFields(rev: rev, now: now, to: &text)
        text.append(json: "}")
        return text
    }

    private func appendFields(rev: Int, now: MonotonicTime, to text: inout [UInt8]) {
        text.append(json: #""rev":"#)
        text.append(jsonInteger: rev)
        text.append(json: #","state":"#)
        text.append(jsonString: state.rawValue)
        ServerMessage.append("host", host.index, to: &text)
        text.append(json: #","seats":["#)
        for (index, seat) in seats.enumerated() {
            text.append(json: index == 0 ? #"{"seat":"# : #",{"seat":"#)
            text.append(jsonInteger: index)
            text.append(json: #","name":"#)
            text.append(jsonString: seat.name)
            text.append(json: #","kind":"#)
            text.append(jsonString: seat.kind.rawValue)
            text.append(json: #","connected":"#)
            text.append(json: seat.connected ? "true" : "false")
            ServerMessage.append("grace_ms", seat.graceEnd.map { Int(max($0 - now, .zero).milliseconds) }, to: &text)
            text.append(json: "}")
        }
        text.append(json: "]")
        if let waiting { append(waiting, to: &text) }
    }

    private func append(_ waiting: WaitingLine, to text: inout [UInt8]) {
        text.append(json: #","waiting_on":{"seats":["#)
        for (index, seat) in waiting.seats.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(jsonInteger: seat.index)
        }
        text.append(json: #"],"for":"#)
        text.append(jsonString: waiting.purpose)
        ServerMessage.append("since", Int(waiting.since.unixMilliseconds), to: &text)
        ServerMessage.append("deadline", waiting.deadline.map { Int($0.unixMilliseconds) }, to: &text)
        text.append(json: "}")
    }
}
