import Foundation
import Testing

@testable import Observability

/// One vector of Tests/Vectors/liap-tui.json that concerns recovery.
struct RecoveryVector: Decodable, Sendable, CustomTestStringConvertible {
    /// A number, or a yes or no.
    enum Value: Decodable {
        case bool(Bool)
        case number(Double)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let bool = try? value.decode(Bool.self) {
                self = .bool(bool)
            } else {
                self = .number(try value.decode(Double.self))
            }
        }
    }

    let id: String
    let procedure: String
    let attempts_at: [Int]?
    let now: Int?
    let allowed: Bool?
    let refused_by: String?
    let readings: [String: Value]?
    let fires: Bool?

    var testDescription: String { id }

    static func all(_ kind: String) throws -> [RecoveryVector] {
        struct Anything: Decodable { let kind: String }
        /// One element of a list whose other elements have other forms.
        struct Element: Decodable {
            let kind: String
            let vector: RecoveryVector?

            init(from decoder: any Decoder) throws {
                kind = try Anything(from: decoder).kind
                vector = kind.hasPrefix("recovery_") ? try RecoveryVector(from: decoder) : nil
            }
        }
        struct File: Decodable { let vectors: [Element] }
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/liap-tui.json")
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        return file.vectors.filter { $0.kind == kind }.compactMap(\.vector)
    }
}

@Suite("Vectors: recovery") struct RecoveryVectors {
    @Test func `none is missing`() throws {
        #expect(try RecoveryVector.all("recovery_gate").count == 9)
        #expect(try RecoveryVector.all("recovery_trigger").count == 8)
    }

    @Test(arguments: try RecoveryVector.all("recovery_gate")) func `the gate lets through what it should`(
        _ vector: RecoveryVector
    ) throws {
        let procedure = try #require(StandardProcedures.all.first { $0.id == vector.procedure })
        var gate = RecoveryGate(procedure.attempts)
        for at in try #require(vector.attempts_at) { gate.record("it", at: .seconds(at)) }
        let refusal = gate.refusal(of: "it", at: .seconds(try #require(vector.now)))
        #expect((refusal == nil) == vector.allowed)
        #expect(refusal?.reason.rawValue == vector.refused_by)
    }

    /// The original reads percentages and a yes or no; ours are shares and 0 or 1.
    private func reading(_ name: String, _ value: RecoveryVector.Value) -> (Signal, Double)? {
        switch (name, value) {
        case ("pending", .number(let messages)): (.pendingMessages, messages)
        case ("memory", .number(let percent)): (.memoryRatio, percent / 100)
        case ("ws_failure_rate", .number(let percent)): (.failureRatio, percent / 100)
        case ("sequence_gap", .number(let events)): (.sequenceGap, events)
        case ("database_accessible", .bool(let isAccessible)): (.storeFailing, isAccessible ? 0 : 1)
        default: nil
        }
    }

    @Test(arguments: try RecoveryVector.all("recovery_trigger")) func `the trigger fires when it should`(
        _ vector: RecoveryVector
    ) throws {
        let procedure = try #require(StandardProcedures.all.first { $0.id == vector.procedure })
        var readings: SignalReadings = [:]
        for (name, value) in try #require(vector.readings) {
            let (signal, own) = try #require(reading(name, value))
            readings[signal] = own
        }
        #expect(procedure.trigger.holds(for: readings) == vector.fires)
        var engine = RecoveryEngine([procedure])
        let first = procedure.trigger.conditions.first.flatMap { readings[$0.signal] } ?? 0
        let scopes = procedure.scope == .server ? [:] : [procedure.id: ["it": first]]
        let orders = engine.observe(readings, scopes: scopes, at: .seconds(1))
        #expect(orders.isEmpty != vector.fires)
    }
}
