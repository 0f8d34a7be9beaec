import PluginAPI

/// What is durable about a seat. A seat is not a connection: it keeps its player's secret and command numbers while
/// nobody is connected.
struct SeatState: Codable, Sendable, Equatable {
    enum Occupant: String, Codable, Sendable {
        case empty, human, bot
    }

    var occupant: Occupant = .empty
    var name = ""
    /// SHA-256 of the player's secret; the secret itself is never stored.
    var secret: Digest?
    /// A bot plays while the person is away; they take the seat back the moment they return.
    var standIn = false
    /// Set from the game hearing `.dropped` to its hearing `.returned`, where no bot stands in; else left out.
    var away: Bool?
    /// Number of the last command that counted.
    var lastN = 0
    /// The last `ok`s, ascending, at most `maxAnswers`.
    var answers: [CommandAnswer] = []

    static let maxAnswers = 32

    static func human(name: String, secret: Digest) -> SeatState {
        SeatState(occupant: .human, name: name, secret: secret)
    }

    static func bot(name: String) -> SeatState { SeatState(occupant: .bot, name: name) }

    /// The game was told that this player is gone, and has to be told when they are back.
    var isToldDropped: Bool { standIn || away == true }

    /// Who acts for the seat now, as clients are told.
    var kind: Occupant { occupant == .human && standIn ? .bot : occupant }

    mutating func answered(_ answer: CommandAnswer) {
        lastN = answer.n
        answers.append(answer)
        if answers.count > Self.maxAnswers { answers.removeFirst(answers.count - Self.maxAnswers) }
    }
}

/// A command that counted, and the sequence number its `ok` carried.
struct CommandAnswer: Codable, Sendable, Equatable {
    var n: Int
    var seq: Int
}

extension Digest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hexadecimal: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected 64 hexadecimal digits")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
