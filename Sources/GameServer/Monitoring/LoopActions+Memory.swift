import CLinux
import Observability
import PluginAPI
import WebSocket

extension LoopActions {
    /// Rooms put to sleep in one turn of the loop: each stores a snapshot, and whoever plays waits for that.
    private static let sleepsPerTurn = 16
    /// A room that is due sooner would soon be in memory again.
    private static let worthwhileSleep = Duration.seconds(60)

    /// Puts rooms to sleep a few at a time, and gives back what they held.
    func freeMemory(_ scope: ActionScope, _ reply: @escaping Reply) {
        let idle = rooms.idleRooms(for: Self.worthwhileSleep)
        let most = scope.most(of: idle.count)
        if scope.isDryRun { return reply(ActionReport(.done, touched: most, eligible: idle.count)) }
        putToSleep(idle.prefix(most)) { asleep in
            clinux_give_memory_back()
            reply(
                ActionReport(
                    .done, touched: asleep, eligible: idle.count, repaired: asleep,
                    details: ["rooms_asleep": String(asleep)]))
        }
    }

    private func putToSleep(_ idle: ArraySlice<RoomID>, asleep: Int = 0, _ done: @escaping (Int) -> Void) {
        let asleep =
            asleep
            + idle.prefix(Self.sleepsPerTurn).count { id in
                // Somebody may have come since the rooms were chosen.
                rooms[id].map { $0.canSleep(for: Self.worthwhileSleep) && rooms.sleep($0) } ?? false
            }
        let left = idle.dropFirst(Self.sleepsPerTurn)
        guard !left.isEmpty else { return done(asleep) }
        _ = services.timeline.alarm(at: services.timeline.now) { [weak self] in
            self?.putToSleep(left, asleep: asleep, done)
        }
    }
}
