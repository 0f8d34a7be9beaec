@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Framing: how deep a message may be nested") struct NestingTests {
    /// An `act` whose action holds a field nobody asked for; the message is `levels` deep.
    private func act(_ table: Table, levels: Int) -> String {
        let lists = levels - 2
        let deep = String(repeating: "[", count: lists) + String(repeating: "]", count: lists)
        return #"{"type":"act","room":"\#(table.room)","n":\#(table.turn.place(table.room).lastN + 1),"#
            + #""action":{"kind":"mark","field":4,"x":\#(deep)}}"#
    }

    @Test(arguments: [(3, true), (15, true), (16, true), (17, false), (31, false), (32, false), (33, false)])
    func `an action is refused, or its record can be read back`(levels: Int, isTaken: Bool) throws {
        let table = try Table.playing()
        let mover = table.turn
        let before = table.world.log(of: table.room).count
        _ = mover.take()
        mover.send(text: act(table, levels: levels))
        let answer = mover.take()
        #expect(answer.contains { $0.type == "ok" } == isTaken)
        #expect(answer.refusals == (isTaken ? [] : ["bad_request"]))
        for record in table.world.log(of: table.room) { _ = try Record.decode(record.payload) }
        table.world.crash()
        #expect(mover.hello().first("joined")?["resume"] == "live")
        #expect(table.world.log(of: table.room).count == before + (isTaken ? 1 : 0))
        #expect(table.state?.sequence == (isTaken ? 2 : 1))
        #expect(table.violations == [])
    }
}
