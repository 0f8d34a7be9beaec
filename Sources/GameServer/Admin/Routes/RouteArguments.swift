import Foundation
import Observability
import PluginAPI

/// What a request asks with, checked against its route: parameters of the path and of the query.
struct RouteArguments: Sendable {
    private enum Value: Sendable {
        case text(String)
        case integer(Int)
        case list([String])
    }

    private var values: [String: Value] = [:]

    init() {}

    /// What changes something is asked for in no words that are passed over: a misspelt `dry_run` would do it.
    ///
    /// - Throws: `bad_request` that names the parameter, its value and what would be right.
    init(
        _ route: Route, captured: [String], query: [(name: String, value: String)]
    ) throws(Rejection) {
        for (name, value) in zip(route.pathParameters, captured) { values[name] = .text(value) }
        if route.isMutating { try Self.check(query.map(\.name), known: route.query.map(\.name)) }
        for parameter in route.query {
            let given = query.lazy.filter { $0.name == parameter.name }.map(\.value)
            if case .list(let names) = parameter.kind {
                for name in given where !names.contains(name) { throw Self.objection(parameter, name) }
                values[parameter.name] = .list(Array(given))
            } else if let text = given.first {
                values[parameter.name] = try Self.value(of: text, for: parameter)
            } else if parameter.isRequired {
                throw .badRequest("\(parameter.name) is missing: \(parameter.expectation)")
            }
        }
    }

    func text(_ name: String) -> String? { if case .text(let text)? = values[name] { text } else { nil } }
    func integer(_ name: String) -> Int? { if case .integer(let integer)? = values[name] { integer } else { nil } }
    func flag(_ name: String) -> Bool { given(name) == true }
    /// A flag, or nil when nothing is said of it.
    func given(_ name: String) -> Bool? { integer(name).map { $0 == 1 } }
    func list(_ name: String) -> [String] { if case .list(let list)? = values[name] { list } else { [] } }
    func room(_ name: String) -> RoomID? { text(name).flatMap { RoomID($0) } }

    /// Only a seat can be meant where `watcher` is not, because the query was checked.
    func viewer(_ name: String) -> RequestedViewer? {
        text(name).map { $0 == "watcher" ? .watcher : .seat(Int($0) ?? .max) }
    }

    private static func check(_ names: [String], known: [String]) throws(Rejection) {
        var seen: Set<String> = []
        for name in names {
            guard known.contains(name) else {
                let takes = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
                throw .badRequest("\(name.prefix(20)) is no parameter of this path: \(takes)")
            }
            guard seen.insert(name).inserted else { throw .badRequest("\(name) is there twice") }
        }
    }

    private static func value(of text: String, for parameter: QueryParameter) throws(Rejection) -> Value {
        switch parameter.kind {
        case .integer(let range):
            if let integer = Int(text), range.contains(integer) { return .integer(integer) }
        case .text(let most):
            if (1...most).contains(text.count) { return .text(text) }
        case .choice(let names):
            if names.contains(text) { return .text(text) }
        case .flag:
            if ["", "1", "true"].contains(text) { return .integer(1) }
            if ["0", "false"].contains(text) { return .integer(0) }
        case .room:
            if RoomID(text) != nil { return .text(text) }
        case .instant:
            if let microseconds = microseconds(of: text) { return .integer(microseconds) }
        case .viewer:
            if text == "watcher" || Int(text).map({ (0..<1000).contains($0) }) ?? false { return .text(text) }
        case .cursor:
            if LogCursor(text) != nil { return .text(text) }
        case .list: break
        }
        throw objection(parameter, text)
    }

    private static func objection(_ parameter: QueryParameter, _ value: String) -> Rejection {
        .badRequest("\(parameter.name) is \(value.prefix(20)): \(parameter.expectation)")
    }

    /// Unix microseconds.
    static func microseconds(of text: String) -> Int? {
        if let seconds = Double(text) {
            let microseconds = (seconds * 1_000_000).rounded()
            return abs(microseconds) < 1e18 ? Int(microseconds) : nil
        }
        let styles = [
            Date.ISO8601FormatStyle(includingFractionalSeconds: true),
            Date.ISO8601FormatStyle(includingFractionalSeconds: false),
        ]
        for style in styles {
            // Not of this style: the next one is tried, and the caller objects when none is left.
            if let date = try? Date(text, strategy: style) { return Int(date.timeIntervalSince1970 * 1_000_000) }
        }
        return nil
    }
}

/// Through whose eyes an operator wants to look.
enum RequestedViewer: Sendable, Equatable {
    case watcher
    case seat(Int)

    /// - Returns: nil when the room has no such seat.
    func viewer(seats: Int) -> Viewer? {
        switch self {
        case .watcher: .watcher
        case .seat(let index): (0..<seats).contains(index) ? .seat(Seat(index)) : nil
        }
    }
}
