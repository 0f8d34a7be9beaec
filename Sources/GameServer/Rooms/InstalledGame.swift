import PluginAPI

/// A game this server offers.
public struct InstalledGame: Sendable {
    public let manifest: Manifest
    private let make: @Sendable (JSON) throws(Rejection) -> (match: any HostedMatch, options: JSON)
    private let restore:
        @Sendable (MatchPhase, JSON, Int, [String: GameTimer]) throws(StoredFormError) -> any HostedMatch

    public init<G: Game>(_ game: G.Type) {
        manifest = G.manifest
        make = { (given: JSON) throws(Rejection) in
            let options = try Self.options(of: G.self, given: given)
            do throws(Refusal) {
                return (MatchBox(match: try Match<G>(options: options.value)), options.full)
            } catch {
                throw Rejection(error)
            }
        }
        restore = { (phase, state, sequence, timers) throws(StoredFormError) in
            do {
                let match = Match<G>(
                    seats: G.manifest.seats.upperBound, phase: .init(phase),
                    state: try FlatDecoder.decode(G.State.self, from: state), sequence: sequence, timers: timers)
                return MatchBox(match: match)
            } catch {
                throw StoredFormError(message: "state of \(G.manifest.id): \(FlatDecoder.describe(error))")
            }
        }
    }

    /// A match that waits for its start, and its options in full.
    ///
    /// - Throws: `bad_request` for unknown options and for what the game's `check` refuses.
    func newMatch(options given: JSON) throws(Rejection) -> (match: any HostedMatch, options: JSON) { try make(given) }

    /// A match as a snapshot holds it.
    func match(
        phase: MatchPhase, state: JSON, sequence: Int, timers: [String: GameTimer]
    ) throws(StoredFormError) -> any HostedMatch { try restore(phase, state, sequence, timers) }

    /// What was given, laid over the game's defaults.
    private static func options<G: Game>(
        of game: G.Type, given: JSON
    ) throws(Rejection) -> (value: G.Options, full: JSON) {
        do {
            let full = try JSON(parsing: FlatEncoder.encode(G.defaultOptions)).overlaid(with: given)
            let (value, unknown) = try FlatDecoder.decodeNamingUnknown(G.Options.self, from: full)
            if let name = unknown.first {
                throw Rejection.badRequest("options.\(name): \(G.manifest.id) has no such option")
            }
            return (value, full)
        } catch let rejection as Rejection {
            throw rejection
        } catch {
            throw .badRequest("options.\(FlatDecoder.describe(error))")
        }
    }
}

/// The games of one server, by id.
public struct InstalledGames: Sendable {
    public let all: [InstalledGame]

    /// - Parameter games: in the order clients are told of them; two of the same id are a mistake of the build.
    public init(_ games: [InstalledGame]) {
        precondition(Set(games.map(\.manifest.id)).count == games.count, "two installed games share an id")
        all = games
    }

    subscript(id: String) -> InstalledGame? { all.first { $0.manifest.id == id } }

    /// The game's place among the installed ones.
    func index(of id: String) -> Int? { all.firstIndex { $0.manifest.id == id } }

    /// One sentence when a manifest breaks a rule, nil when all are sound.
    var fault: String? {
        all.lazy.compactMap { game in game.manifest.metricFault.map { "\(game.manifest.id): \($0)" } }.first
    }
}
