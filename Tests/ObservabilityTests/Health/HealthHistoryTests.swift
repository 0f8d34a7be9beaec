import Testing

@testable import Observability

@Suite("Health: history") struct HealthHistoryTests {
    private func history(_ origin: Duration = .seconds(50)) -> HealthHistory {
        HealthHistory(components: ["system"], values: ["load.load"], at: origin)
    }

    @Test func `a step keeps the worst level in it and the last value`() {
        var history = history(.zero)
        history.note(levels: [.healthy, .healthy], values: [0.1], at: .zero)
        history.advance(to: .seconds(10))
        history.note(levels: [.critical, .critical], values: [0.95], at: .seconds(12))
        history.note(levels: [.healthy, .healthy], values: [0.2], at: .seconds(13))
        history.advance(to: .seconds(30))
        let page = history.page(.hour)
        #expect(page.overall == [.unknown, .critical, .healthy])
        #expect(page.components.map(\.name) == ["system"])
        #expect(page.values[0].values.map { $0.map { ($0 * 100).rounded() } } == [10, 20, 20])
    }

    @Test func `the rings hold an hour and a day and no more`() {
        var history = history(.zero)
        history.note(levels: [.healthy, .healthy], values: [0.5], at: .zero)
        history.advance(to: .seconds(3 * 86_400))
        for resolution in HealthHistory.Resolution.allCases {
            let page = history.page(resolution, limit: .max)
            #expect(page.overall.count == resolution.capacity)
            #expect(page.overall.allSatisfy { $0 == .healthy })
            #expect(page.start + resolution.step * resolution.capacity == .seconds(3 * 86_400))
        }
    }

    @Test func `pages follow one another without gap or repetition`() {
        var history = history()
        for step in 0..<100 {
            history.note(levels: [.healthy, .healthy], values: [Float(step)], at: .seconds(50 + step * 10))
        }
        history.advance(to: .seconds(50 + 1000))
        var values: [Double?] = []
        var after: Int?
        repeat {
            let page = history.page(.hour, after: after, limit: 7)
            #expect(page.start == .seconds(50 + page.first * 10))
            values += page.values[0].values
            after = page.next
        } while after != nil
        #expect(values == (0..<100).map { Double($0) })
    }

    @Test func `a page beyond the end or before the start is empty or starts at the oldest`() {
        var history = history()
        history.advance(to: .seconds(150))
        #expect(history.page(.hour, after: .max).overall.isEmpty)
        #expect(history.page(.hour, after: 9).overall.isEmpty)
        #expect(history.page(.hour, after: .min).overall.count == 10)
        #expect(history.page(.hour, limit: 0).overall.isEmpty)
        #expect(history.page(.hour, limit: -1).next == nil)
        #expect(history.page(.day).overall.count == 1)
    }
}
