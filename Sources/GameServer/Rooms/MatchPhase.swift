import PluginAPI

/// How far a match is, whatever its game.
enum MatchPhase: String, Codable, Sendable {
    case waiting, playing, finished
}

extension MatchPhase {
    init<G: Game>(_ phase: Match<G>.Phase) {
        switch phase {
        case .waiting: self = .waiting
        case .playing: self = .playing
        case .finished: self = .finished
        }
    }
}

extension Match.Phase {
    init(_ phase: MatchPhase) {
        switch phase {
        case .waiting: self = .waiting
        case .playing: self = .playing
        case .finished: self = .finished
        }
    }
}
