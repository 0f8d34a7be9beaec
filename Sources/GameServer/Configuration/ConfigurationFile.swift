import Foundation

/// A configuration file: JSON5, an object of sections, each an object of keys.
struct ConfigurationFile {
    /// A longer file is a mistake and is not read.
    static let maxBytes = 1 << 20

    struct Section {
        var name: String
        /// nil when the section is no object.
        var members: [(name: String, value: ConfigurationValue)]?
        var value: ConfigurationValue
    }

    /// In the order of their names, as their members are, so that of several mistakes always the same one is told.
    let sections: [Section]

    /// - Throws: `ConfigurationError.unreadable` and `.notJSON5`.
    init(path: String) throws(ConfigurationError) {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(path: path, reason: "no such file, or not allowed")
        }
        let bytes: Data
        do { bytes = try handle.read(upToCount: Self.maxBytes + 1) ?? Data() } catch {
            throw .unreadable(path: path, reason: "it is not a file")
        }
        guard bytes.count <= Self.maxBytes else {
            throw .unreadable(path: path, reason: "it is longer than \(Self.maxBytes) bytes")
        }
        try self.init(bytes: bytes, path: path)
    }

    init(bytes: Data, path: String) throws(ConfigurationError) {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        let tree: Tree
        do { tree = try decoder.decode(Tree.self, from: bytes) } catch let error as DecodingError {
            throw .notJSON5(path: path, reason: Self.reason(error))
        } catch {
            throw .notJSON5(path: path, reason: "it cannot be understood")
        }
        guard case .object(let sections) = tree else {
            throw .notJSON5(path: path, reason: "the outermost value is no object")
        }
        self.sections = sections.sorted { $0.key < $1.key }.map { name, section in
            guard case .object(let members) = section else {
                return Section(name: name, members: nil, value: section.value)
            }
            let sorted = members.sorted { $0.key < $1.key }
            return Section(name: name, members: sorted.map { ($0.key, $0.value.value) }, value: section.value)
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        guard case .dataCorrupted(let context) = error else { return "it cannot be understood" }
        let detail = (context.underlyingError as? NSError)?.userInfo[NSDebugDescriptionErrorKey] as? String
        return detail ?? context.debugDescription
    }

    /// Any JSON value.
    private enum Tree: Decodable {
        case object([String: Tree])
        case value(ConfigurationValue)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            func attempt<Value: Decodable>(_ type: Value.Type) -> Value? {
                try? container.decode(type)  // a failure only says that it is of another kind
            }
            if let members = attempt([String: Tree].self) {
                self = .object(members)
            } else if let value = attempt(Bool.self) {
                self = .value(.boolean(value))
            } else if let value = attempt(Int.self) {
                self = .value(.integer(value))
            } else if let value = attempt(String.self) {
                self = .value(.text(value))
            } else if let value = attempt(Double.self) {
                self = .value(.other("\(value)"))
            } else {
                self = .value(.other(container.decodeNil() ? "null" : "a list"))
            }
        }

        var value: ConfigurationValue {
            switch self {
            case .object: .other("an object")
            case .value(let value): value
            }
        }
    }
}
