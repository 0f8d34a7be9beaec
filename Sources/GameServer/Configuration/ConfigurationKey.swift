import Foundation
import Observability
import WebSocket

/// One key of the configuration: its name, what it takes, and where its value lives.
public struct ConfigurationKey: Sendable {
    public enum Kind: Sendable, Equatable {
        case integer(ClosedRange<Int>)
        /// With the least and the most characters.
        case text(ClosedRange<Int>)
        case boolean
        case choice([String])
        /// A level's name in any case.
        case level
        /// Pairs of a category and a level.
        case levels
        /// IP addresses and networks.
        case addresses
        /// Addresses to listen on.
        case listen
        /// Printed as `[redacted]`.
        case secret
    }

    public let section: String
    public let name: String
    public let kind: Kind
    public let help: String
    /// The flag of `gameserver serve` that sets it.
    public let flag: String?
    let read: @Sendable (Configuration) -> ConfigurationValue
    let write: @Sendable (inout Configuration, ConfigurationValue) -> Void

    /// As people write it: `limits.rate_per_s`.
    public var path: String { "\(section).\(name)" }

    /// `GAMESERVER_LIMITS_RATE_PER_S`.
    public var variable: String { "\(Self.variablePrefix)\(section)_\(name)".uppercased() }

    static let variablePrefix = "GAMESERVER_"

    /// What a right value is, for people.
    public var expectation: String {
        switch kind {
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .text(let range): "a text of \(range.lowerBound) to \(range.upperBound) characters"
        case .boolean: "true or false"
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        case .level: "one of \(LogLevel.allCases.map(\.name).joined(separator: ", "))"
        case .levels: "category=level, with commas between"
        case .addresses:
            "IP addresses, networks as in `10.0.0.0/8`, and `unix`, with commas between, at most \(Self.maxAddresses)"
        case .listen:
            "`host:port`, `[address]:port` or `unix:/path`, with commas between, at most \(Self.maxListeners)"
        case .secret: "1 to 256 visible ASCII characters"
        }
    }

    private static let maxAddresses = 100
    private static let maxListeners = 16

    /// What is wrong with a value, or nil.
    func objection(to value: ConfigurationValue) -> String? {
        switch (kind, value) {
        case (.integer(let range), .integer(let number)):
            if range.contains(number) { return nil }
            return number < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
        case (.text(let range), .text(let text)):
            let isClean = !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
            return range.contains(text.count) && isClean ? nil : expectation
        case (.boolean, .boolean): return nil
        case (.choice(let names), .text(let text)): return names.contains(text) ? nil : expectation
        case (.level, .text(let text)): return LogLevel(name: text) == nil ? expectation : nil
        case (.levels, .text(let text)):
            do {
                _ = try LogLevels.own(text)
                return nil
            } catch {
                return "\(error)"
            }
        case (.addresses, .text(let text)):
            do throws(AddressList.NoAddress) {
                return try AddressList(text).entries.count <= Self.maxAddresses ? nil : expectation
            } catch {
                return error.description
            }
        case (.listen, .text(let text)):
            let entries = Self.listed(text)
            if let wrong = entries.first(where: { ListenAddress($0) == nil }) {
                return "\(wrong.prefix(64)) is no address to listen on"
            }
            return entries.count <= Self.maxListeners ? nil : expectation
        case (.secret, .text(let text)):
            let isVisible = text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
            return (1...256).contains(text.utf8.count) && isVisible ? nil : expectation
        default: return expectation
        }
    }

    /// The value a flag or an environment variable means; text that is none stays text and is objected to.
    func value(of text: String) -> ConfigurationValue {
        switch kind {
        case .integer: Int(text).map(ConfigurationValue.integer) ?? .text(text)
        case .boolean: Bool(text).map(ConfigurationValue.boolean) ?? .text(text)
        case .text, .choice, .level, .levels, .addresses, .listen, .secret: .text(text)
        }
    }
}

/// A value as a source gives it.
public enum ConfigurationValue: Sendable, Equatable {
    case integer(Int)
    case text(String)
    case boolean(Bool)
    /// Something no key takes: a fraction, a list, an object, null. How it reads.
    case other(String)

    public var text: String {
        switch self {
        case .integer(let value): String(value)
        case .text(let value): "\"\(value)\""
        case .boolean(let value): String(value)
        case .other(let value): value
        }
    }
}

extension ConfigurationKey {
    typealias Path<Value> = WritableKeyPath<Configuration, Value> & Sendable

    // A writer is called only with what `objection` let pass, so a value of another kind cannot come.

    static func integer(
        _ section: String, _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, flag: String? = nil,
        _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .integer(range), help: help, flag: flag) {
            .integer($0[keyPath: path])
        } write: {
            if case .integer(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    static func text(
        _ section: String, _ name: String, _ path: Path<String>, _ range: ClosedRange<Int>, flag: String? = nil,
        _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .text(range), help: help, flag: flag) {
            .text($0[keyPath: path])
        } write: {
            if case .text(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    /// Kept in canonical form.
    static func addresses(_ section: String, _ name: String, _ path: Path<String>, _ help: String) -> Self {
        Self(section: section, name: name, kind: .addresses, help: help, flag: nil) {
            .text($0[keyPath: path])
        } write: {
            guard case .text(let text) = $1 else { return }
            do { $0[keyPath: path] = try AddressList(text).entries.joined(separator: ", ") } catch { return }
        }
    }

    static func listen(_ section: String, _ name: String, _ path: Path<String>, _ help: String) -> Self {
        Self(section: section, name: name, kind: .listen, help: help, flag: nil) {
            .text($0[keyPath: path])
        } write: {
            if case .text(let text) = $1 { $0[keyPath: path] = listed(text).joined(separator: ", ") }
        }
    }

    /// What stands between commas.
    static func listed(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    static func boolean(
        _ section: String, _ name: String, _ path: Path<Bool>, flag: String? = nil, _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .boolean, help: help, flag: flag) {
            .boolean($0[keyPath: path])
        } write: {
            if case .boolean(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ section: String, _ name: String, _ path: Path<Choice>, flag: String? = nil, _ help: String
    ) -> Self {
        let names = Choice.allCases.map(\.rawValue)
        return Self(section: section, name: name, kind: .choice(names), help: help, flag: flag) {
            .text($0[keyPath: path].rawValue)
        } write: {
            if case .text(let text) = $1, let value = Choice(rawValue: text) { $0[keyPath: path] = value }
        }
    }

    static func level(
        _ section: String, _ name: String, _ path: Path<LogLevel>, flag: String? = nil, _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .level, help: help, flag: flag) {
            .text($0[keyPath: path].name)
        } write: {
            if case .text(let text) = $1, let value = LogLevel(name: text) { $0[keyPath: path] = value }
        }
    }

    static func levels(
        _ section: String, _ name: String, _ path: Path<[LogCategory: LogLevel]>, _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .levels, help: help, flag: nil) {
            .text(LogLevels.text(own: $0[keyPath: path]))
        } write: {
            guard case .text(let text) = $1 else { return }
            do { $0[keyPath: path] = try LogLevels.own(text) } catch { return }
        }
    }

    static func secret(
        _ section: String, _ name: String, _ path: Path<Secret?>, flag: String? = nil, _ help: String
    ) -> Self {
        Self(section: section, name: name, kind: .secret, help: help, flag: flag) {
            .other($0[keyPath: path] == nil ? "none" : "[redacted]")
        } write: {
            if case .text(let text) = $1 { $0[keyPath: path] = Secret(text) }
        }
    }
}
