import PluginAPI

/// What a room commits at once: why, which events, and every durable change beside them.
///
/// The events stand at the end of the stored text in the form the game writes them; folding records in order gives
/// the room as it was, without deciding anything again.
struct Record: Codable, Sendable {
    /// Dense per room, from 1.
    var record: Int
    var term: UInt64
    var epoch: String
    var at: Timestamp
    var cause: Cause
    var game: String
    var version: Int
    /// The step's random key in hexadecimal, so that the step can be run again; never logged or sent.
    var key: String?
    /// What the room was created with; in record 1 only.
    var opening: Opening?
    /// The command that counted.
    var answer: SeatAnswer?
    /// Seats that changed, each as it is now.
    var seats: [SeatChange]?
    var host: Seat?
    var phase: MatchPhase
    var closed: Bool?
    /// All running timers, when any changed.
    var timers: [String: GameTimer]?
    /// Number of the first event; without events, of the next one.
    var firstSeq: Int

    /// What made the room move.
    enum Cause: Codable, Sendable, Equatable {
        case create(seat: Seat)
        case join(seat: Seat)
        case act(seat: Seat, n: Int, base: Int?, action: JSON)
        case host(seat: Seat, n: Int, order: String, target: Seat?)
        case leave(seat: Seat, n: Int)
        case bot(seat: Seat)
        case timer(name: String)
        case tick
        case presence(seat: Seat, change: Change)
        case admin(reason: String)

        enum Change: String, Codable, Sendable {
            /// The grace time is over.
            case dropped
            /// Back at the table.
            case returned
            /// Gone from a room that had not started, for longer than it keeps a seat.
            case expired
        }
    }

    struct Opening: Codable, Sendable, Equatable {
        var visibility: RoomSummary.Visibility
        var options: JSON
        var seed: UInt64?
        var seats: Int
    }

    struct SeatAnswer: Codable, Sendable, Equatable {
        var seat: Seat
        var n: Int
        var seq: Int
    }

    struct SeatChange: Codable, Sendable, Equatable {
        var seat: Seat
        var state: SeatState
    }

    /// The bytes that are stored and digested.
    func encoded(events: [[UInt8]]) -> [UInt8] {
        var text: [UInt8]
        do {
            text = try FlatEncoder.encode(self)
        } catch {
            preconditionFailure("a record encodes, its coding is synthesized: \(error)")
        }
        text.removeLast()  // the object's closing brace: the events follow in the same object
        text.append(json: #","events":["#)
        for (index, event) in events.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(json: event)
        }
        text.append(json: "]}")
        return text
    }

    /// Reads what `encoded` wrote.
    static func decode(_ payload: [UInt8]) throws(StoredFormError) -> (record: Record, events: [JSON]) {
        do {
            let json = try JSON(parsing: payload)
            return (try FlatDecoder.decode(Record.self, from: json), json["events"]?.elements ?? [])
        } catch {
            throw StoredFormError(message: "record: \(FlatDecoder.describe(error))")
        }
    }
}
