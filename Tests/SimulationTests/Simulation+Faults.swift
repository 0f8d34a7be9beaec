@testable import GameServer
import PluginAPI

@testable import TestSupport

// What goes wrong, some of it at every step.

extension Simulation {
    func disturb() {
        guard let player = players.randomElement(using: &random) else { return }
        let client = player.client
        switch Int.random(in: 0..<300, using: &random) {
        case 0..<8: client.cut()
        case 8..<12: client.stopReading()
        case 12..<20: for each in players { each.client.resumeReading() }
        case 20..<24: player.greet()  // a second connection while the first is open
        case 24..<26: client.cutOlder()
        case 26..<28: knockWithWrongSecret()
        case 30..<36: world.memory.fail(.unavailable)
        case 36..<40: world.memory.fail(.unknownWritten)
        case 40..<44: world.memory.fail(.unknownNotWritten)
        case 44..<46: world.memory.fail(.unknownWritten, .unavailable, .unknownNotWritten)
        case 46..<48: world.memory.setReachable(false)
        case 48..<60: world.memory.setReachable(true)
        case 60..<64: world.questions.pace = .after(delay(upTo: 400))
        case 64..<68: world.answers.pace = .after(delay(upTo: 400))
        case 68..<70: world.questions.pace = .held
        case 70..<72: world.answers.pace = .held
        case 72..<90: world.releaseStore()
        case 90..<93: crash()
        case 93..<96: world.timeline.jumpWallClock(by: .seconds(Int.random(in: -4000...4000, using: &random)))
        case 96..<98: world.advance(by: .milliseconds(Int.random(in: 1000...9000, using: &random)))
        case 98: world.advance(by: .seconds(Int.random(in: 20...100, using: &random)))
        case 99: world.closeDelay = { .milliseconds(300) }
        case 100: world.closeDelay = { .zero }
        case 101..<103: for each in players { each.client.cut() }
        case 103..<112: sleeps += world.rooms.sleepIdle(atMost: 3)
        default: break
        }
    }

    /// Whatever is broken is mended, and everybody reads again.
    func calm() {
        faultsAreOn = false
        world.closeDelay = { .zero }
        world.memory.setReachable(true)
        world.releaseStore()
        // Faults that nobody used up go with the process.
        crash()
        for player in players {
            player.client.resumeReading()
            player.client.cutOlder()
        }
    }

    private func delay(upTo milliseconds: Int) -> () -> Duration {
        { [unowned self] in .milliseconds(Int.random(in: 0...milliseconds, using: &random)) }
    }

    private func crash() {
        crashes += 1
        world.crash()
        for player in players { player.connectionLost() }
    }

    /// Somebody who guesses gets `bad_secret`, and the seat is unharmed.
    private func knockWithWrongSecret() {
        guard let room = tables.compactMap(\.room).randomElement(using: &random) else { return }
        let stranger = TestClient("stranger", world: world, secrets: GameRandom(seed: random.next()))
        stranger.connect()
        let secret = stranger.freshSecret()
        stranger.send([
            "type": "hello",
            "resume": [["room": .string(room.description), "secret": .string(secret), "epoch": "x", "seq": 0]],
        ])
        if stranger.places[room] != nil { oracle.complain("a wrong secret opened a seat") }
        stranger.cut()
    }
}
