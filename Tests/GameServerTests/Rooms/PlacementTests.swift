import Observability
import PluginAPI
import Testing

@testable import GameServer

@Suite("Architecture, Threads: which loop a room belongs to") struct PlacementTests {
    private func secret(_ number: Int) -> Digest { Digest(of: Array("secret \(number)".utf8)) }

    @Test(arguments: [1, 2, 3, 5, 8, 48, 64])
    func `rooms are spread over all loops about evenly`(loops: Int) {
        let placement = Placement(loops: loops)
        var rooms = Array(repeating: 0, count: loops)
        for number in 0..<6400 { rooms[placement.loop(ofCreator: secret(number))] += 1 }
        let share = 6400 / loops
        #expect(rooms.allSatisfy { $0 > share / 2 && $0 < share * 2 }, "\(rooms)")
    }

    @Test(arguments: [1, 2, 3, 7, 64])
    func `a room lies where its creator's secret says, also after the number of loops has changed`(loops: Int) {
        var luck = SystemRandomNumberGenerator()
        for number in 0..<500 {
            let id = Placement.id(createdWith: secret(number), using: &luck)
            let placement = Placement(loops: loops)
            #expect(placement.loop(of: id) == placement.loop(ofCreator: secret(number)))
        }
    }

    @Test func `ids of one creator differ, and are found in any spelling`() throws {
        var luck = SystemRandomNumberGenerator()
        let ids = (0..<1000).map { _ in Placement.id(createdWith: secret(0), using: &luck) }
        #expect(Set(ids).count == ids.count)
        let placement = Placement(loops: 16)
        for id in ids {
            let typed = try #require(RoomID(id.description.lowercased()))
            #expect(placement.loop(of: typed) == placement.loop(of: id))
        }
    }

    @Test func `what of several loops may be touched is what one of all could`() {
        func found(_ touched: Int, of eligible: Int) -> ActionReport {
            ActionReport(.done, touched: touched, eligible: eligible)
        }
        let scope = SharedScope(found: [found(1, of: 50), found(9, of: 40), found(0, of: 10)], blastRadius: 0.05)
        #expect(scope.shares == [1, 4, 0])
        #expect(scope.report.touched == 5 && scope.report.eligible == 100)
        // One at least, not one on each.
        #expect(SharedScope(found: [found(1, of: 1), found(1, of: 1)], blastRadius: 0.1).shares.reduce(0, +) == 1)
        #expect(SharedScope(found: [found(0, of: 9), found(0, of: 9)], blastRadius: 0.5).shares == [0, 0])
    }
}
