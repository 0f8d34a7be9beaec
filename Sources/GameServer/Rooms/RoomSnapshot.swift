import PluginAPI

/// A room as one JSON text: what a restart begins with instead of the first record.
struct RoomSnapshot: Codable, Sendable {
    var record: Int
    var game: String
    /// Of the game's rules when it was taken.
    var version: Int
    var epoch: String
    var created: Timestamp
    var changed: Timestamp
    var opening: Record.Opening
    var creator: Digest?
    var closed: Bool
    var host: Seat
    var seats: [SeatState]
    var phase: MatchPhase
    var sequence: Int
    var timers: [String: GameTimer]
    var waitingSince: Timestamp
    var truth: JSON
}

extension RoomState {
    /// The room as a snapshot for the store.
    func snapshot() throws(StoredFormError) -> Snapshot {
        do {
            let snapshot = RoomSnapshot(
                record: number, game: game, version: match.manifest.version, epoch: epoch, created: created,
                changed: changed,
                opening: Record.Opening(visibility: visibility, options: options, seed: seed, seats: seats.count),
                creator: creator, closed: isClosed, host: host, seats: seats, phase: match.phase,
                sequence: sequence, timers: match.timers, waitingSince: waitingSince,
                truth: try JSON(parsing: match.truth()))
            return Snapshot(
                number: number, sequence: sequence, digest: digest, payload: try FlatEncoder.encode(snapshot))
        } catch {
            throw StoredFormError(message: "snapshot of \(room): \(FlatDecoder.describe(error))")
        }
    }

    /// The room a claim hands over: the snapshot if there is one, else the first record's opening, with no tail yet.
    static func restored(
        _ room: RoomID, from claim: Claim, games: InstalledGames
    ) throws(StoredFormError) -> RoomState {
        do {
            if let stored = claim.snapshot {
                return try RoomState(room: room, claim: claim, stored: stored, games: games)
            }
            guard let first = claim.records.first else { throw StoredFormError(message: "\(room) has no record") }
            let (record, _) = try Record.decode(first.payload)
            guard let opening = record.opening else {
                throw StoredFormError(message: "record 1 of \(room) does not say how the room was opened")
            }
            let (match, _) = try Self.game(record.game, games).newMatch(options: opening.options)
            var state = RoomState(
                room: room, game: record.game, epoch: record.epoch, created: record.at, opening: opening,
                creator: record.seats?.first?.state.secret, match: match)
            state.term = claim.term
            return state
        } catch let error as StoredFormError {
            throw error
        } catch {
            throw StoredFormError(message: "\(room): \(error)")
        }
    }

    private init(room: RoomID, claim: Claim, stored: Snapshot, games: InstalledGames) throws {
        let snapshot = try FlatDecoder.decode(RoomSnapshot.self, parsing: stored.payload)
        let game = try Self.game(snapshot.game, games)
        guard snapshot.version <= game.manifest.version else {
            throw StoredFormError(
                message:
                    "the snapshot is of \(snapshot.game) \(snapshot.version), installed is \(game.manifest.version)")
        }
        let match = try game.match(
            phase: snapshot.phase, state: snapshot.truth, sequence: snapshot.sequence, timers: snapshot.timers)
        self.init(
            room: room, game: snapshot.game, epoch: snapshot.epoch, created: snapshot.created,
            opening: snapshot.opening, creator: snapshot.creator, match: match)
        term = claim.term
        resume(snapshot, digest: stored.digest)
    }

    private static func game(_ id: String, _ games: InstalledGames) throws(StoredFormError) -> InstalledGame {
        guard let game = games[id] else { throw StoredFormError(message: "the game \(id) is not installed") }
        return game
    }
}
