import Foundation
import Testing

@testable import Observability

@Suite("The catalogue of metrics") struct MetricCatalogueTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    private static let forbidden: Set = [
        "room", "room_id", "player", "player_id", "user", "conn", "conn_id", "session", "ip", "address", "trace_id",
        "path", "query", "token", "job", "instance", "service", "region", "env", "type", "le",
    ]
    private static let suffixes = ["_bucket", "_count", "_sum", "_created"]

    @Test func `names are prefixed, snake case, once, and end as their kind asks`() {
        for metric in MetricCatalogue.all {
            #expect(
                ["gameserver_", "process_", "http_server_"].contains { metric.name.hasPrefix($0) }, "\(metric.name)")
            #expect(metric.name.wholeMatch(of: /[a-z][a-z0-9]*(_[a-z0-9]+)*/) != nil, "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.name.hasSuffix("_info") == (metric.kind == .info), "\(metric.name)")
            #expect(!Self.suffixes.contains { metric.name.hasSuffix($0) }, "\(metric.name)")
            #expect(!metric.help.isEmpty && metric.help.hasSuffix("."), "\(metric.name)")
        }
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
    }

    @Test func `what is measured in seconds, bytes or shares says so at the end of its name`() {
        for metric in MetricCatalogue.all {
            let stem = metric.kind == .counter ? String(metric.name.dropLast(6)) : metric.name
            let said = ["seconds", "bytes", "ratio"].filter { stem.hasSuffix("_" + $0) }
            #expect(said == (metric.unit == .none ? [] : [metric.unit.rawValue]), "\(metric.name)")
            for unit in ["_ms", "_milliseconds", "_percent", "_kb", "_minutes"] { #expect(!stem.hasSuffix(unit)) }
        }
    }

    @Test func `no label could name a person, a room or an address, and no two labels of a metric are alike`() {
        for metric in MetricCatalogue.all {
            let names = metric.labels.map(\.name)
            #expect(Self.forbidden.isDisjoint(with: names), "\(metric.name)")
            #expect(Set(names).count == names.count)
            for case .values(_, let values) in metric.labels {
                #expect(Set(values).count == values.count && values.allSatisfy { !$0.isEmpty }, "\(metric.name)")
            }
        }
    }

    @Test func `histograms have bounds and others none, and the first threshold of a band is among them`() {
        for metric in MetricCatalogue.all {
            #expect((metric.kind == .histogram) == !metric.bounds.isEmpty, "\(metric.name)")
            guard metric.kind == .histogram, let band = metric.band else { continue }
            if let threshold = band.enterWarning {
                #expect(metric.bounds.contains(threshold), "\(metric.name): \(threshold)")
            }
        }
    }

    @Test func `a band is left on the better side of where it is entered`() {
        for metric in MetricCatalogue.all {
            guard let band = metric.band else { continue }
            let pairs = [(band.enterWarning, band.leaveWarning), (band.enterCritical, band.leaveCritical)]
            for case (let enter?, let leave?) in pairs {
                #expect(band.direction == .above ? leave <= enter : leave >= enter, "\(metric.name)")
            }
            if let warning = band.enterWarning, let critical = band.enterCritical {
                #expect(band.direction == .above ? warning < critical : warning > critical, "\(metric.name)")
            }
        }
        #expect(MetricCatalogue.band(for: "gameserver_memory_utilization_ratio")?.enterCritical == 0.9)
        #expect(MetricCatalogue.band(for: "gameserver_rooms") == nil)
    }

    @Test func `every metric of the catalogue has an instrument or is read at scrape`() {
        let metrics = Metrics.forTests()
        let read = Set(MetricCatalogue.resourceRows.map(\.name) + ["gameserver_metrics_overflow_total"])
        let made = Set(metrics.families.map { $0.description.name })
        for metric in MetricCatalogue.all { #expect(made.contains(metric.name) || read.contains(metric.name)) }
        #expect(metrics.families.map { $0.description.name } == MetricCatalogue.all.map(\.name).filter(made.contains))
    }

    @Test func `a server with much installed exposes fewer than 2000 lines before anything happens`() {
        let metrics = Metrics(
            process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }), plugins: (0..<6).map { "game-\($0)" },
            middleware: (0..<10).map { "middleware_\($0)" }, loops: 8, routes: (0..<60).map { "/\($0)" })
        let samples = metrics.textLines().filter { !$0.hasPrefix("#") }
        #expect(samples.count < 2000)
        // With everything touched, a histogram counted as one series; requests and plugins have their own ceiling.
        let bounded = metrics.families.filter { $0.description.name != MetricCatalogue.httpRequestSeconds.name }
        #expect(bounded.reduce(HistogramRows.maxSeries) { $0 + $1.count } < 2000)
    }

    @Test func `expressions of alerts name metrics that are there and labels they have`() throws {
        let names = Set(MetricCatalogue.all.map(\.name)).union(MetricCatalogue.recordings.map(\.name))
        let expressions = MetricCatalogue.alerts.map(\.expression) + MetricCatalogue.recordings.map(\.expression)
        for expression in expressions {
            for match in expression.matches(of: /(?:gameserver|http_server|process)[a-z0-9_:]*/)
            where !expression.contains("job=") {
                var name = String(match.0)
                for suffix in ["_bucket", "_count"] where !names.contains(name) && name.hasSuffix(suffix) {
                    name = String(name.dropLast(suffix.count))
                }
                #expect(names.contains(name), "\(name) in \(expression)")
            }
            #expect(!expression.contains("NaN"))
        }
        #expect(Set(MetricCatalogue.alerts.map(\.name)).count == MetricCatalogue.alerts.count)
    }

    @Test func `alerts lead to headings of the operations page`() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/OPERATIONS.md"), encoding: .utf8)
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("#") }.map {
            String($0.drop { $0 == "#" || $0 == " " })
        }
        for alert in MetricCatalogue.alerts {
            #expect(headings.contains(alert.runbook), "\(alert.name): \(alert.runbook)")
        }
    }

    @Test(arguments: [PrometheusRules.path, MetricsReference.path])
    func `the file is what the catalogue makes of it`(path: String) throws {
        let text = path == PrometheusRules.path ? PrometheusRules.text() : MetricsReference.text()
        let file = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
        // One comparison, not a page of differences.
        let isSame = file == text
        #expect(isSame, "\(path) is not up to date: run `make generate`")
    }

    @Test func `labels that came from the wire or a name are mapped into their sets`() {
        #expect(CloseReasonLabel(code: 4003) == .slowConsumer)
        #expect(CloseReasonLabel(code: 3000) == .other)
        #expect(OperationLabel(type: "act") == .act && OperationLabel(type: "evil") == .other)
        #expect(HTTPStatusLabel(code: 404).labelValue == "404" && HTTPStatusLabel(code: 418).labelValue == "400")
        #expect(HTTPMethodLabel(named: "POST") == .post && HTTPMethodLabel(named: "BREW").labelValue == "_OTHER")
        #expect(StoreOperationLabel(named: "checkpoint") == .checkpoint && StoreOperationLabel(named: "?") == .other)
        #expect(ProcedureLabel(named: "memory_pressure") == .memoryPressure && ProcedureLabel(named: "?") == .other)
        #expect(RecoveryLabel(named: "dry_run") == .dryRun)
        #expect(LogCategoryLabel(.gameEvent) == .gameEvent && LogLevelLabel(.notice) == .info)
        for category in LogCategory.allCases { #expect(LogCategoryLabel(category) != .other) }
        for label in HTTPStatusLabel.allCases {
            #expect(Int(label.labelValue).map(HTTPStatusLabel.init(code:)) == label)
        }
    }
}
