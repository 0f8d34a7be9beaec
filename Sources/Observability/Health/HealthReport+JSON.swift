extension HealthReport {
    /// Everything there is to know about the server's health, and flat maps for simple readers.
    ///
    /// `age` and `next_check_in` are seconds. A check with one judged value has it as `value`, `unit` and `threshold`; one
    /// with several has objects there, by the values' names. A ratio is written as percent.
    public func detailedJSON(_ facts: ServiceFacts) -> [UInt8] {
        var json = JSONText()
        json.open("{")
        json.member("success", true)
        write(head: facts, status: overall, to: &json)
        for figure in facts.figures { json.member(figure.name, figure.value) }
        json.object("health") { json in
            json.member("overall_status", overall.name)
            json.object("metrics") { json in
                for check in checks { json.object(check.id) { check.write(to: &$0) } }
            }
        }
        json.object("components") { json in
            for component in components {
                json.object(component.name) { write(component, facts, to: &$0) }
            }
        }
        json.object("checks") { json in for check in checks { json.member(check.id, check.level.name) } }
        json.object("services") { json in for part in components { json.member(part.name, part.level.name) } }
        json.object("stability") { stability.write(to: &$0) }
        json.array("recent_changes") { json in
            for change in changes.suffix(20).reversed() { write(change, facts, to: &json) }
        }
        json.close("}")
        return json.bytes
    }

    /// One component: its status, its checks and what they measured; nil when there is no such component.
    public func componentJSON(_ name: String, _ facts: ServiceFacts) -> [UInt8]? {
        guard let component = component(name) else { return nil }
        var json = JSONText()
        json.open("{")
        write(head: facts, status: component.level, to: &json)
        json.member("component", name)
        write(component, facts, to: &json, withStatus: false)
        let own = checks.filter { $0.component == name }
        json.object("checks") { json in for check in own { json.member(check.id, check.level.name) } }
        json.object("metrics") { json in
            for check in own { json.object(check.id) { check.write(to: &$0) } }
        }
        json.close("}")
        return json.bytes
    }

    /// One page of the history; `after` and `next` are numbers of steps.
    public func historyJSON(
        _ resolution: HealthHistory.Resolution, after: Int? = nil, limit: Int = 360, _ facts: ServiceFacts
    ) -> [UInt8] {
        let page = history.page(resolution, after: after, limit: limit)
        var json = JSONText()
        json.open("{")
        json.member("resolution", resolution.rawValue)
        json.member("step_seconds", page.step.seconds)
        json.member("start", facts.timestamp(of: page.start, reportedAt: at))
        json.member("first", page.first)
        json.member("count", page.overall.count)
        json.array("overall") { json in for level in page.overall { json.element(level.name) } }
        json.object("components") { json in
            for component in page.components {
                json.array(component.name) { json in for level in component.levels { json.element(level.name) } }
            }
        }
        json.object("values") { json in
            for value in page.values {
                // Kept with seven digits; more would be noise.
                json.array(value.name) { json in
                    for value in value.values { json.element(value.map { ($0 * 1e6).rounded() / 1e6 }) }
                }
            }
        }
        json.member("next", page.next)
        json.close("}")
        return json.bytes
    }

    private func write(head facts: ServiceFacts, status: HealthLevel, to json: inout JSONText) {
        json.member("status", status.name)
        json.member("timestamp", facts.timestamp)
        json.member("timestamp_unix", Double(facts.unixMicroseconds) / 1e6)
        json.member("uptime_seconds", Int(facts.uptime.seconds))
        json.member("uptime_formatted", facts.uptimeText)
        json.member("version", facts.version)
        json.member("service", facts.service)
    }

    private func write(
        _ component: ComponentReport, _ facts: ServiceFacts, to json: inout JSONText, withStatus: Bool = true
    ) {
        if withStatus { json.member("status", component.level.name) }
        json.member("critical", component.isCritical)
        json.member("message", component.message)
        json.member("since", facts.timestamp(of: component.since, reportedAt: at))
        json.member("consecutive_failures", component.consecutiveFailures)
        guard withStatus else { return }
        json.array("checks") { json in for check in component.checks { json.element(check) } }
    }

    private func write(_ change: LevelChange, _ facts: ServiceFacts, to json: inout JSONText) {
        json.open("{")
        json.member("timestamp", facts.timestamp(of: change.at, reportedAt: at))
        json.member("component", change.component)
        json.member("check", change.check)
        json.member("from", change.from.name)
        json.member("to", change.to.name)
        json.member("reason", change.reason)
        json.close("}")
    }
}

extension CheckReport {
    func write(to json: inout JSONText) {
        json.member("name", name)
        json.member("status", level.name)
        let judged = measurements.filter { $0.threshold != nil }
        if let only = judged.first, judged.count == 1 {
            json.member("value", only.shownValue)
            json.member("unit", only.shownUnit)
            json.member("threshold", only.shownThreshold)
        } else if measurements.isEmpty {
            json.member("value", String?.none)
            json.member("unit", String?.none)
            json.member("threshold", Double?.none)
        } else {
            json.object("value") { json in for one in measurements { json.member(one.name, one.shownValue) } }
            json.object("unit") { json in for one in measurements { json.member(one.name, one.shownUnit) } }
            json.object("threshold") { json in for one in judged { json.member(one.name, one.shownThreshold) } }
        }
        json.member("message", message)
        json.member("age", age?.rounded)
        json.member("next_check_in", nextCheckIn?.rounded)
        json.member("interval_seconds", interval.rounded)
        json.member("interval_reason", explanation)
        json.member("last_hint", hint)
        json.member("component", component)
        json.member("critical", isCritical)
        json.member("took_seconds", took?.seconds)
        json.member("consecutive_failures", consecutiveFailures)
        json.object("measurements") { json in
            for one in measurements { json.object(one.name) { one.write(to: &$0) } }
        }
    }
}

extension MeasurementReport {
    private var isRatio: Bool { unit == "ratio" }

    var shownUnit: String { isRatio ? "percent" : unit }
    var shownValue: Double { shown(value) }
    var shownThreshold: Double? { threshold.map(shown) }

    private func shown(_ value: Double) -> Double { isRatio ? (value * 1e4).rounded() / 100 : value }

    func write(to json: inout JSONText) {
        json.member("status", level.name)
        json.member("value", shownValue)
        json.member("unit", shownUnit)
        json.member("threshold", shownThreshold)
        json.member("message", message)
        guard let slopePerSecond else { return json.member("trend", String?.none) }
        json.object("trend") { json in
            json.member("per_hour", slopePerSecond * 3600 * (isRatio ? 100 : 1))
            json.member("threshold_in_seconds", timeToThreshold?.rounded)
        }
    }
}

extension StabilityScore {
    public func write(to json: inout JSONText) {
        json.member("score", (value * 10).rounded() / 10)
        json.member("formula", Self.formula)
        json.object("inputs") { json in
            json.member("not_healthy_share", inputs.notHealthyShare)
            json.member("recoveries", inputs.recoveries)
            json.member("burn_rate", inputs.burnRate)
            json.member("restarts", inputs.restarts)
        }
        json.object("deductions") { json in
            for deduction in deductions { json.member(deduction.name, deduction.points) }
        }
    }
}

extension Duration {
    /// Seconds to the millisecond.
    fileprivate var rounded: Double { (seconds * 1000).rounded() / 1000 }
}
