import Foundation
import PluginAPI
import Testing
import WebSocket

@testable import GameServer

@Suite("Operations: rates of requests") struct RequestRateTests {
    private static let start = MonotonicTime(nanoseconds: 5_000_000_000)

    private static func vectors() throws -> [JSON] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Vectors/liap-tui.json").standardized
        let json = try JSON(parsing: Array(Data(contentsOf: file)))
        return json["vectors"]?.elements?.filter { $0["kind"] == "rate_limit" } ?? []
    }

    @Test func `as many at once as the vectors say`() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count == 4)
        for vector in vectors {
            let number = { (key: String) in Int(vector[key]?.integer ?? -1) }
            let rate = RequestRate(
                limit: number("requests"), window: .seconds(number("window_s")), burst: vector["burst"]?.double ?? 0)
            var usage = RequestRate.Usage()
            let accepted = (0..<number("sent_at_once")).count { _ in rate.take(&usage, at: Self.start).isAccepted }
            #expect(accepted == number("allowed"), "\(vector["id"]?.string ?? "")")
            #expect(number("sent_at_once") - accepted == number("refused"))
        }
    }

    @Test func `in the long run a window lets the limit through`() {
        let rate = RequestRate(limit: 60)
        var usage = RequestRate.Usage()
        var accepted = 0
        for tenth in 0..<36_000 {
            let now = Self.start + .milliseconds(100 * tenth)
            if rate.take(&usage, at: now).isAccepted { accepted += 1 }
        }
        #expect((3600...3600 + 90).contains(accepted))
    }

    @Test func `who was refused is let in after the time it was told, and not a second before`() {
        for limit in [1, 7, 60, 600, 6000] {
            let rate = RequestRate(limit: limit)
            var usage = RequestRate.Usage()
            while rate.take(&usage, at: Self.start).isAccepted {}
            let told = rate.look(usage, at: Self.start).retryAfterSeconds
            #expect(rate.look(usage, at: Self.start + .seconds(told)).isAccepted)
            if told > 1 { #expect(!rate.look(usage, at: Self.start + .seconds(told - 1)).isAccepted) }
        }
    }

    @Test func `what is told adds up`() {
        let rate = RequestRate(limit: 10)
        var usage = RequestRate.Usage()
        #expect(rate.look(usage, at: Self.start).remaining == 15 && usage.isRestored(at: Self.start))
        let first = rate.take(&usage, at: Self.start)
        #expect(first.remaining == 14 && first.resetSeconds == 6 && first.windowSeconds == 60 && first.limit == 10)
        #expect(!usage.isRestored(at: Self.start) && usage.isRestored(at: Self.start + .seconds(6)))
        #expect(rate.look(usage, at: Self.start + .seconds(6)).remaining == 15)
    }

    // MARK: The table

    @Test func `a full table forgets who is restored, then lets strangers share one place`() {
        var limits = RequestLimits(publicPerMinute: 2, operatorPerMinute: 10, failuresPerMinute: 10, lockout: .zero)
        for number in 0..<RequestLimits.maxCallers {
            #expect(limits.take(nil, address: "a\(number)", route: "/x", at: Self.start).isAccepted)
        }
        #expect(limits.callers == RequestLimits.maxCallers)
        let strangers = (0..<5).map { limits.take(nil, address: "b\($0)", route: "/x", at: Self.start).isAccepted }
        #expect(strangers == [true, true, true, false, false])
        #expect(limits.take(nil, address: "a7", route: "/x", at: Self.start).isAccepted)
        // Who has a token is no stranger.
        let viewer = Requester(role: .viewer, fingerprint: "1")
        #expect((0..<5).allSatisfy { _ in limits.take(viewer, address: "d", route: "/x", at: Self.start).isAccepted })
        #expect(limits.callers <= RequestLimits.maxCallers + 1 && limits.statistics.strangers == 5)
        // A minute later everybody is restored.
        let later = Self.start + .seconds(120)
        #expect(limits.take(nil, address: "c", route: "/x", at: later).isAccepted)
        #expect(limits.callers == 2)
    }

    @Test func `too many wrong tokens lock an address out for a time`() throws {
        var limits = RequestLimits(
            publicPerMinute: 1, operatorPerMinute: 1, failuresPerMinute: 600, lockout: .seconds(60))
        let tries = (0..<2000).prefix { _ in
            limits.failed("a", at: Self.start)
            return limits.lockout(of: "a", at: Self.start) == nil
        }
        #expect(tries.count == 899 && limits.lockout(of: "b", at: Self.start) == nil)
        #expect(limits.lockout(of: "a", at: Self.start)?.retryAfterSeconds == 60)
        #expect(limits.lockout(of: "a", at: Self.start + .seconds(59)) != nil)
        let later = Self.start + .seconds(60)
        #expect(limits.lockout(of: "a", at: later) == nil)
        limits.failed("a", at: later)
        #expect(limits.lockout(of: "a", at: later)?.retryAfterSeconds == 60)
        // The rate is restored like any other.
        #expect(limits.lockout(of: "a", at: later + .seconds(300)) == nil)
        limits.failed("a", at: later + .seconds(300))
        #expect(limits.lockout(of: "a", at: later + .seconds(300)) == nil)
    }

    @Test func `from a full table nobody is locked out for others, and who asks for pages takes no place of theirs`() {
        let rate = RequestRate(limit: 2)
        var table = RequestTable(rate, capacity: 2)
        for address in ["a", "b"] { #expect(table.take(address, at: Self.start).isAccepted) }
        #expect((0..<4).map { table.take("c\($0)", at: Self.start).isAccepted } == [true, true, true, false])
        table.lock("d", for: .seconds(100), at: Self.start)
        table.lock("b", for: .seconds(100), at: Self.start)
        #expect(["a", "d", "e"].allSatisfy { table.look($0, at: Self.start).isAccepted })
        #expect(!table.look("b", at: Self.start + .seconds(20)).isAccepted)
        #expect(table.count == 2 && table.shared == 4)
        var limits = RequestLimits(publicPerMinute: 1, operatorPerMinute: 1, failuresPerMinute: 1, lockout: .zero)
        for number in 0..<RequestLimits.maxCallers + 5 {
            _ = limits.take(nil, address: "a\(number)", route: "/x", at: Self.start)
        }
        limits.failed("z", at: Self.start)
        #expect(limits.lockout(of: "z", at: Self.start) != nil && limits.lockout(of: "y", at: Self.start) == nil)
    }

    @Test func `of a token that is refused again and again some changes are noted and the others counted`() {
        var limits = RequestLimits(publicPerMinute: 1, operatorPerMinute: 600, failuresPerMinute: 1, lockout: .zero)
        let viewer = Requester(role: .viewer, fingerprint: "1")
        let noted = (0..<100).count { _ in limits.admitsNote(of: viewer, at: Self.start) }
        #expect(noted == RequestLimits.notesPerMinute && limits.statistics.unnoted == 100 - noted)
        let isOtherNoted = limits.admitsNote(of: Requester(role: .viewer, fingerprint: "2"), at: Self.start)
        let isNotedLater = limits.admitsNote(of: viewer, at: Self.start + .seconds(1))
        #expect(isOtherNoted && isNotedLater)
    }

    @Test func `tokens and addresses are counted apart`() {
        var limits = RequestLimits(publicPerMinute: 1, operatorPerMinute: 2, failuresPerMinute: 1, lockout: .zero)
        let viewer = Requester(role: .viewer, fingerprint: "1")
        let other = Requester(role: .viewer, fingerprint: "2")
        let accepted = [nil, nil, viewer, viewer, viewer, viewer, other].map {
            limits.take($0, address: "a", route: "/x", at: Self.start).isAccepted
        }
        #expect(accepted == [true, false, true, true, true, false, true])
        #expect(limits.lockout(of: "a", at: Self.start) == nil)
        limits.failed("a", at: Self.start)
        #expect(limits.lockout(of: "a", at: Self.start) != nil && limits.lockout(of: "b", at: Self.start) == nil)
    }
}

extension JSON {
    fileprivate var double: Double? {
        switch self {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        default: nil
        }
    }
}
