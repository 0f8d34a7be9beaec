import PluginAPI

/// A JSON object that grows member by member, as text; for answers that hold parts which are text already.
struct ObjectText {
    private var text: [UInt8]

    init() { text = [UInt8(ascii: "{")] }

    /// Goes on with an object that was complete.
    init(extending object: [UInt8]) {
        precondition(object.last == UInt8(ascii: "}"), "an object ends in a brace")
        text = object.dropLast()
    }

    mutating func add(_ key: StaticString, _ value: String) {
        begin(key)
        text.append(jsonString: value)
    }

    mutating func add(_ key: StaticString, _ value: Int) {
        begin(key)
        text.append(jsonInteger: value)
    }

    mutating func add(_ key: StaticString, _ value: Bool) {
        begin(key)
        text.append(json: value ? "true" : "false")
    }

    /// A member whose value is JSON text.
    mutating func add(_ key: StaticString, json value: [UInt8]) {
        begin(key)
        text.append(json: value)
    }

    /// A member that is an array of JSON texts.
    mutating func add(_ key: StaticString, json elements: [[UInt8]]) {
        begin(key)
        text.append(UInt8(ascii: "["))
        text.append(contentsOf: elements.joined(separator: [UInt8(ascii: ",")]))
        text.append(UInt8(ascii: "]"))
    }

    consuming func closed() -> [UInt8] {
        text.append(UInt8(ascii: "}"))
        return text
    }

    private mutating func begin(_ key: StaticString) {
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\""))
        text.append(json: key)
        text.append(json: "\":")
    }
}
