import TestSupport
import Testing

@testable import WebSocket

@Suite("Limits of a message") struct LimitTests {
    private var limits: Limits {
        var limits = Limits()
        limits.maxMessageBytes = 1000
        limits.maxFragmentsPerMessage = 3
        return limits
    }

    /// A frame's header that announces the largest length there is.
    private func endless(_ firstByte: UInt8) -> [UInt8] {
        [firstByte, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
    }

    @Test func `a message of exactly the limit passes`() {
        let payload = [UInt8](repeating: 1, count: 1000)
        #expect(hear(clientFrame(0x82, payload), limits: limits) == [.binary(payload)])
    }

    @Test func `an announced length above the limit is refused from the header alone`() {
        let header = Array(clientFrame(0x82, [UInt8](repeating: 1, count: 1001)).prefix(8))
        #expect(hear(header, limits: limits) == [.violation(.messageTooBig(bytes: 1001, limit: 1000))])
        #expect(hear(endless(0x82), limits: limits) == [.violation(.messageTooBig(bytes: .max, limit: 1000))])
    }

    @Test func `fragments count together`() {
        let part = [UInt8](repeating: 1, count: 600)
        let both = clientFrame(0x02, part) + clientFrame(0x80, part)
        #expect(hear(both, limits: limits) == [.violation(.messageTooBig(bytes: 1200, limit: 1000))])
        let overflowing = clientFrame(0x02, part) + endless(0x80)
        #expect(hear(overflowing, limits: limits) == [.violation(.messageTooBig(bytes: .max, limit: 1000))])
    }

    @Test func `fragments are counted, empty ones too`() {
        let bytes = clientFrame(0x02, []) + clientFrame(0x00, []) + clientFrame(0x00, []) + clientFrame(0x80, [])
        #expect(hear(bytes, limits: limits) == [.violation(.tooManyFragments(limit: 3))])
    }

    @Test func `each violation closes with the code the RFC gives it`() {
        #expect(Violation.reservedBits(1).code == .protocolError)
        #expect(Violation.lengthTooLarge.code == .protocolError)
        #expect(Violation.invalidUTF8.code == .invalidPayload)
        #expect(Violation.messageTooBig(bytes: 2, limit: 1).code == .messageTooBig)
    }
}

@Suite("Limits of the process") struct DescriptorLimitTests {
    @Test func `connections are as many as wanted or as descriptors allow, and at least one`() {
        #expect(DescriptorLimit.connections(wanted: 20_000, of: 1024) == 960)
        #expect(DescriptorLimit.connections(wanted: 500, of: 1024) == 500)
        #expect(DescriptorLimit.connections(wanted: 500, of: 20) == 1)
    }

    @Test func `the limit is raised as far as it goes`() {
        let before = DescriptorLimit.current
        DescriptorLimit.raise()
        let raised = DescriptorLimit.current
        #expect(raised >= before)
        DescriptorLimit.raise()
        #expect(DescriptorLimit.current == raised)
    }
}

@Suite("Heartbeat") struct HeartbeatTests {
    private func at(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000) }

    @Test func `a peer that talks is left alone`() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.timerFired(at: at(15), lastReceived: at(14)) == .wait(until: at(29)))
    }

    @Test func `a silent peer is asked, and dropped when it does not answer`() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.timerFired(at: at(15), lastReceived: at(0)) == .sendPing(next: at(25)))
        #expect(heartbeat.timerFired(at: at(24), lastReceived: at(0)) == .wait(until: at(25)))
        #expect(heartbeat.timerFired(at: at(25), lastReceived: at(0)) == .drop)
    }

    @Test func `any byte after the ping counts as an answer`() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.timerFired(at: at(15), lastReceived: at(0)) == .sendPing(next: at(25)))
        #expect(heartbeat.timerFired(at: at(25), lastReceived: at(16)) == .wait(until: at(31)))
        #expect(heartbeat.pingedAt == nil)
    }

    @Test func `the idle time may be shortened while waiting`() {
        var heartbeat = Heartbeat()
        heartbeat.idle = .seconds(5)
        #expect(heartbeat.nextDeadline(lastReceived: at(3)) == at(8))
        #expect(heartbeat.timerFired(at: at(8), lastReceived: at(3)) == .sendPing(next: at(18)))
        #expect(heartbeat.nextDeadline(lastReceived: at(3)) == at(18))
    }
}
