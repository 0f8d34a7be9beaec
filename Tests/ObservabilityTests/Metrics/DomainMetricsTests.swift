import Testing

@testable import Observability

@Suite("Metrics of plugins") struct DomainMetricsTests {
    private static let plays = DomainMetricDescription(
        plugin: "liap-tui", name: "plays_total", kind: .counter, help: "Plays made.", label: "kind",
        values: ["single", "pair"])
    private static let pot = DomainMetricDescription(plugin: "poker", name: "pot", kind: .gauge, help: "The pot.")
    private static let turns = DomainMetricDescription(
        plugin: "poker", name: "turn_seconds", kind: .histogram, help: "One turn.", bounds: [0.5, 1, 30])
    private static let points = DomainMetricDescription(
        plugin: "poker", name: "points", kind: .histogram, help: "Points.", label: "side", values: ["us"],
        bounds: [0.5, 10])

    @Test func `what plugins declare is exposed under their names`() throws {
        let domain = try DomainMetrics([Self.plays, Self.pot, Self.turns, Self.points])
        let metrics = Metrics.forTests(domain: domain)
        domain.add(2, 0, "pair")
        domain.set(12.5, 1)
        domain.record(.milliseconds(1500), 2)
        domain.record(0.5, 3, "us")
        domain.record(0.500001, 3, "us")
        let lines = metrics.textLines()
        #expect(lines.contains("# HELP gameserver_liap_tui_plays_total Plays made."))
        #expect(lines.contains(#"gameserver_liap_tui_plays_total{kind="single"} 0"#))
        #expect(lines.contains(#"gameserver_liap_tui_plays_total{kind="pair"} 2"#))
        #expect(lines.contains("gameserver_poker_pot 12.5"))
        #expect(lines.contains(#"gameserver_poker_turn_seconds_bucket{le="1.0"} 0"#))
        #expect(lines.contains(#"gameserver_poker_turn_seconds_bucket{le="30.0"} 1"#))
        #expect(lines.contains("gameserver_poker_turn_seconds_sum 1.5"))
        #expect(lines.contains(#"gameserver_poker_points_bucket{side="us",le="0.5"} 1"#))
        #expect(lines.contains(#"gameserver_poker_points_sum{side="us"} 1.000001"#))
        #expect(!lines.contains { $0.contains("_other") })
        #expect(domain.value(0, "pair") == 2)
    }

    @Test func `a hostile plugin gets 200 series of a metric and 500 in all, the rest is one`() throws {
        let values = (0..<10_000).map { "v\($0)" }
        let hostile = (0..<4).map { number in
            DomainMetricDescription(
                plugin: "hostile", name: "things\(number)_total", kind: .counter, help: "Things.", label: "what",
                values: values)
        }
        let domain = try DomainMetrics(hostile + [Self.plays])
        let metrics = Metrics.forTests(domain: domain)
        for metric in 0..<4 { for value in values { domain.add(1, metric, value) } }
        for value in values { domain.add(1, 0, "undeclared " + value) }
        let lines = metrics.textLines()
        func series(_ number: Int) -> Int { lines.count { $0.hasPrefix("gameserver_hostile_things\(number)_total{") } }
        #expect((0..<4).map(series) == [200, 200, 100, 1])
        #expect(lines.contains(#"gameserver_hostile_things0_total{what="_other"} 19801"#))
        #expect(lines.contains(#"gameserver_metrics_overflow_total{family="gameserver_hostile_things0_total"} 19801"#))
        #expect(lines.contains(#"gameserver_hostile_things3_total{what="_other"} 10000"#))
        // The neighbour keeps what it declared.
        #expect(lines.contains(#"gameserver_liap_tui_plays_total{kind="pair"} 0"#))
    }

    @Test func `a counter never falls and a number that is none is not recorded`() throws {
        let domain = try DomainMetrics([Self.plays, Self.turns])
        domain.add(-5, 0, "pair")
        domain.record(.nan, 1)
        domain.record(.infinity, 1)
        domain.record(-1, 1)
        domain.set(1, 0, "pair")
        domain.add(1, 1)
        #expect(domain.value(0, "pair") == 0)
        #expect(domain.value(1) == 1, "the one that is a number")
    }

    @Test func `a gauge keeps its number when it is set to none`() throws {
        let domain = try DomainMetrics([Self.pot])
        domain.set(4, 0)
        for number in [Double.nan, .infinity, -.infinity] { domain.set(number, 0) }
        #expect(domain.value(0) == 4)
    }

    @Test func `what is added beyond all measure stays at the ceiling, up and down`() throws {
        let domain = try DomainMetrics([Self.plays, Self.pot, Self.turns])
        let ceiling = Double(DomainMetrics.ceiling)
        for _ in 0..<5 {
            domain.add(.max, 0, "pair")
            domain.add(.max, 1)
        }
        #expect(domain.value(0, "pair") == ceiling && domain.value(1) == ceiling)
        for _ in 0..<5 { domain.add(.min, 1) }
        #expect(domain.value(1) == -ceiling)
        for _ in 0..<100 { domain.record(1e300, 2) }
        let lines = Metrics.forTests(domain: domain).textLines()
        let sum = try #require(lines.first { $0.hasPrefix("gameserver_poker_turn_seconds_sum ") })
        #expect(!sum.contains("-"))
    }

    @Test(arguments: ["room", "player_id", "token", "ip", "le", "job", "plugin", "Kind", "_x", "", "a-b"])
    func `a label that would grow without end or is taken is refused in one sentence`(label: String) {
        var description = Self.plays
        description.label = label
        #expect(throws: DomainMetricError.forbiddenLabel(metric: "gameserver_liap_tui_plays_total", label)) {
            try DomainMetrics([description])
        }
    }

    @Test func `names keep the rules of names`() {
        func error(_ change: (inout DomainMetricDescription) -> Void) -> DomainMetricError? {
            var description = Self.plays
            change(&description)
            do throws(DomainMetricError) { _ = try DomainMetrics([description]) } catch { return error }
            return nil
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.name = "plays" }?.description.contains("ends in _total") == true)
        #expect(error { $0.name = "Plays_total" } != nil)
        #expect(error { $0.name = "plays_ms_total" }?.description.contains("seconds") == true)
        #expect(error { $0.kind = .gauge } != nil)
        #expect(error { $0.plugin = "lïap" } != nil)
        #expect(error { $0.help = "" } != nil)
        #expect(error { $0.bounds = [1] } == .badBounds(metric: "gameserver_liap_tui_plays_total"))
        #expect(
            error {
                $0 = Self.turns; $0.bounds = [2, 1]
            } != nil)
        #expect(
            error {
                $0 = Self.turns; $0.bounds = []
            } != nil)
        #expect(
            error {
                $0 = Self.turns; $0.name = "turn_count"
            } != nil)
        #expect(throws: DomainMetricError.duplicate(metric: "gameserver_liap_tui_plays_total")) {
            try DomainMetrics([Self.plays, Self.plays])
        }
        // Without `_total`, as OpenMetrics has it, two names are one; also where one is the server's own.
        #expect(throws: DomainMetricError.duplicate(metric: "gameserver_poker_pot_total")) {
            var other = Self.pot
            (other.kind, other.name) = (.counter, "pot_total")
            _ = try DomainMetrics([Self.pot, other])
        }
        #expect(
            error {
                $0 = Self.pot; $0.plugin = "ws"; $0.name = "connections_rejected"
            }
                == .duplicate(metric: "gameserver_ws_connections_rejected"))
        // A plugin called `store` cannot take a name of the server's own.
        #expect(
            error {
                $0 = Self.pot; $0.plugin = "store"; $0.name = "size_bytes"
            }
                == .duplicate(metric: "gameserver_store_size_bytes"))
    }
}
