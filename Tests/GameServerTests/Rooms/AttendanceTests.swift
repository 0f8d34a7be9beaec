@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@Suite("Resume: attendance") struct AttendanceTests {
    private let start = MonotonicTime(nanoseconds: 0)

    private func attended(by seats: Seat...) -> Attendance {
        var attendance = Attendance(emptySince: start, pauseAfter: .seconds(30), abandonAfter: .seconds(1000))
        for seat in seats { attendance.arrived(seat) }
        return attendance
    }

    @Test func `with everybody there nothing is due`() {
        #expect(attended(by: 0, 1).next == nil)
        #expect(attended(by: 0, 1).connected == [0, 1])
    }

    @Test func `a drop is shown after its quiet time, then the grace ends`() {
        var attendance = attended(by: 0, 1)
        attendance.dropped(1, at: start, quiet: .seconds(2), grace: .seconds(5))
        #expect(attendance.looksConnected(1))
        #expect(attendance.graceEnd(of: 1) == nil)
        #expect(attendance.next?.due == .show(1))
        #expect(attendance.next?.at == start + .seconds(2))
        attendance.shown(1)
        #expect(!attendance.looksConnected(1))
        #expect(attendance.graceEnd(of: 1) == start + .seconds(5))
        #expect(attendance.next?.due == .graceOver(1))
        attendance.graceServed(1)
        #expect(attendance.next == nil)
        attendance.arrived(1)
        #expect(attendance.looksConnected(1))
    }

    @Test func `the last to go starts the pause, then the end; anybody's return stops both`() {
        var attendance = attended(by: 0)
        attendance.dropped(0, at: start, quiet: .zero, grace: nil)
        attendance.shown(0)
        #expect(attendance.next?.due == .pause)
        #expect(attendance.next?.at == start + .seconds(30))
        attendance.paused()
        #expect(attendance.next?.due == .abandon)
        #expect(attendance.next?.at == start + .seconds(1000))
        attendance.arrived(1)
        #expect(attendance.next == nil)
        #expect(!attendance.isPaused)
    }

    @Test func `a seat that was given up is nobody's absence`() {
        var attendance = attended(by: 0, 1)
        attendance.dropped(1, at: start, quiet: .seconds(2), grace: .seconds(5))
        attendance.vacated(1, at: start)
        #expect(attendance.next == nil)
        attendance.vacated(0, at: start + .seconds(7))
        #expect(attendance.next?.at == start + .seconds(37))
    }

    @Test func `the start gives whoever is away the game's grace, the end none`() {
        var attendance = attended(by: 0, 1)
        attendance.dropped(1, at: start, quiet: .zero, grace: .seconds(60))
        attendance.shown(1)
        attendance.restartGrace(at: start + .seconds(50), .seconds(5))
        #expect(attendance.next?.at == start + .seconds(55))
        attendance.endGrace()
        #expect(attendance.next == nil)
    }
}

@Suite("Resume: events kept") struct ResyncTests {
    private func events(_ numbers: ClosedRange<Int>) -> [RenderedEvent] {
        numbers.map { RenderedEvent(sequence: $0, views: [[UInt8($0 & 0xFF)]]) }
    }

    @Test func `exactly what was missed, oldest first, and nothing when nothing was`() {
        var resync = Resync(retentionEvents: 10)
        resync.append(events(1...5), at: Timestamp(unixMilliseconds: 1))
        #expect(resync.missed(after: 2, head: 5)?.map(\.event.sequence) == [3, 4, 5])
        #expect(resync.missed(after: 5, head: 5)?.isEmpty == true)
        #expect(resync.missed(after: 0, head: 5)?.count == 5)
    }

    @Test func `a gap wider than retention, or a position outside history, is no replay`() {
        var resync = Resync(retentionEvents: 10)
        for first in stride(from: 1, to: 60, by: 4) {
            resync.append(events(first...first + 3), at: Timestamp(unixMilliseconds: 1))
        }
        #expect(resync.missed(after: 50, head: 60)?.map(\.event.sequence) == Array(51...60))
        #expect(resync.missed(after: 49, head: 60) == nil)
        #expect(resync.missed(after: 61, head: 60) == nil)
        #expect(resync.missed(after: -1, head: 60) == nil)
    }
}
