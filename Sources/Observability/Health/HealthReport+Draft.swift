extension HealthReport {
    /// The report as `application/health+json`.
    ///
    /// - Source: draft-inadarei-api-health-check, an expired Internet draft that is still read.
    public func draftJSON(_ facts: ServiceFacts) -> [UInt8] {
        var json = JSONText()
        json.open("{")
        json.member("status", overall.draftStatus)
        json.member("version", facts.version)
        json.member("releaseId", facts.version)
        json.member("serviceId", facts.service)
        json.member("description", "health of \(facts.service)")
        let worst = checks.filter { $0.level != .healthy }.max { $0.level.severity < $1.level.severity }
        if let worst, overall != .healthy { json.member("output", "\(worst.id): \(worst.message)") }
        json.object("checks") { json in
            for check in checks {
                if check.measurements.isEmpty {
                    json.array("\(check.id):status") { write(check, nil, facts, to: &$0) }
                }
                for measurement in check.measurements {
                    json.array("\(check.id):\(measurement.name)") { write(check, measurement, facts, to: &$0) }
                }
            }
        }
        json.close("}")
        return json.bytes
    }

    private func write(
        _ check: CheckReport, _ measurement: MeasurementReport?, _ facts: ServiceFacts, to json: inout JSONText
    ) {
        // Without a result of its own to go by, what was measured last says nothing about now.
        let level = check.level == .unknown ? .unknown : measurement?.level ?? check.level
        json.open("{")
        json.member("componentId", check.component)
        json.member("componentType", Self.draftType(of: check.component))
        if let measurement {
            json.member("observedValue", measurement.shownValue)
            json.member("observedUnit", measurement.shownUnit)
        }
        json.member("status", level.draftStatus)
        if let age = check.age { json.member("time", facts.timestamp(of: at - age, reportedAt: at)) }
        if level != .healthy {
            json.member("output", check.level == .unknown ? check.message : measurement?.message ?? check.message)
        }
        json.close("}")
    }

    private static func draftType(of component: String) -> String {
        switch component {
        case "system": "system"
        case "store": "datastore"
        default: "component"
        }
    }
}
