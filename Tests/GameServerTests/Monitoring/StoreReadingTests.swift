@testable import GameServer
import Observability
import Testing

@Suite("What the store says of itself, as a check") struct StoreReadingTests {
    private func reading(
        took: Duration = .milliseconds(1), errors: Int = 0, _ change: (inout StoreHealth) -> Void = { _ in }
    ) -> [String: Measurement] {
        var health = StoreHealth()
        health.isReachable = true
        change(&health)
        guard
            case .measured(let values) = Checks.reading(
                of: health, answeredIn: took, brokenRooms: health.brokenRooms, errors: errors)
        else { return [:] }
        return Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0) })
    }

    private typealias Value = StandardChecks.Value

    @Test func `a store that can be written is reachable`() {
        let values = reading {
            $0.walPages = 3; $0.brokenRooms = 2
        }
        #expect(values[Value.reachable]?.value == 1)
        #expect(values[Value.reachable]?.message == nil)
        #expect(values[Value.response]?.value == 0.001)
        #expect(values[Value.wal]?.value == 12_288)
        #expect(values[Value.chainBreaks]?.value == 2)
    }

    @Test func `every value a band judges is measured, the errors of the last minute among them`() throws {
        #expect(reading(errors: 7)[Value.errors]?.value == 7)
        let check = try #require(StandardChecks.all().first { $0.id == StandardChecks.database })
        #expect(Set(reading().keys).isSuperset(of: check.bands.keys))
    }

    @Test func `what is in its way is said`() {
        for kind in StoreFailureKind.allCases {
            let found = reading {
                $0.isReachable = false; $0.trouble = kind
            }[Value.reachable]
            #expect(found?.value == 0 && found?.message?.contains(kind.rawValue) == true)
        }
        #expect(reading { $0.isReachable = false }[Value.reachable]?.message != nil)
        for file in [StoreHealth.File.missing, .replaced] {
            let found = reading { $0.file = file }[Value.reachable]
            #expect(found?.value == 0 && found?.message?.contains(file.rawValue) == true)
        }
    }

    @Test func `slow commits count while there are any, and are forgotten in the quiet after them`() {
        let lately = reading {
            $0.lastCommit = .milliseconds(900); $0.lastCommitAge = .seconds(5)
        }
        #expect(lately[Value.response]?.value == 0.9)
        let longAgo = reading {
            $0.lastCommit = .milliseconds(900); $0.lastCommitAge = .seconds(120)
        }
        #expect(longAgo[Value.response]?.value == 0.001)
    }

    @Test func `a group the store has been at for long counts as slow although nothing was committed`() {
        #expect(reading { $0.busyFor = .seconds(3) }[Value.response]?.value == 3)
        #expect(reading(took: .seconds(4)) { $0.busyFor = .seconds(3) }[Value.response]?.value == 4)
    }
}
