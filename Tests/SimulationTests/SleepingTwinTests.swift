import Testing

@testable import TestSupport

@Suite("Design, The log: a sleep changes nothing") struct SleepingTwinTests {
    @Test(arguments: Seeds.thisRun)
    func `with rooms that sleep at any quiet moment, every client is told the same lines at the same time`(
        seed: UInt64
    ) throws {
        let awake = try SleepingTwin(seed: seed, sleeps: false)
        let sleepy = try SleepingTwin(seed: seed, sleeps: true)
        awake.run(steps: 400)
        sleepy.run(steps: 400)
        #expect(awake.sleeps == 0)
        #expect(sleepy.sleeps > 0, "seed \(seed)")
        #expect(Set(awake.told.keys) == Set(sleepy.told.keys), "seed \(seed)")
        for (channel, lines) in awake.told {
            let others = sleepy.told[channel] ?? []
            let common = zip(lines, others).prefix { $0 == $1 }.count
            guard lines.count == others.count, common == lines.count else {
                let (mine, other) = (lines.dropFirst(common).first, others.dropFirst(common).first)
                Issue.record(
                    """
                    seed \(seed), \(channel), line \(common) of \(lines.count) and \(others.count): awake
                    \(String(decoding: mine ?? [], as: UTF8.self)), asleep \(String(decoding: other ?? [], as: UTF8.self))
                    """)
                break
            }
        }
        #expect(try awake.end() == sleepy.end(), "seed \(seed)")
    }
}
