import PluginAPI

/// A parameter a route reads from the query. Others are ignored, and of one that comes twice the first counts, except
/// where something is changed: there both are refused.
struct QueryParameter: Sendable {
    enum Kind: Sendable {
        case integer(ClosedRange<Int>)
        /// At most so many characters.
        case text(Int)
        case choice([String])
        /// On when it stands there alone, or is `1` or `true`.
        case flag
        /// May be repeated; one of these names each time.
        case list([String])
        case room
        /// RFC 3339, or Unix seconds.
        case instant
        /// `watcher`, or a seat's number.
        case viewer
        /// A place in the log, as a page of it ends.
        case cursor
    }

    let name: String
    let kind: Kind
    var fallback: JSON?
    var isRequired = false
    let help: String

    init(_ name: String, _ kind: Kind, fallback: JSON? = nil, isRequired: Bool = false, _ help: String) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.isRequired = isRequired
        self.help = help
    }

    /// What a right value is, for people.
    var expectation: String {
        switch kind {
        case .integer(let range) where range.upperBound == Route.largest: "a whole number from \(range.lowerBound)"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .text(let most): "a text of 1 to \(most) characters"
        case .choice(let names), .list(let names): "one of \(names.joined(separator: ", "))"
        case .flag: "0 or 1"
        case .room: "a room's id"
        case .instant: "a time as RFC 3339 or in Unix seconds"
        case .viewer: "watcher or a seat's number"
        case .cursor: "what a page said in next"
        }
    }

    /// What every generator of times writes; the reader takes a little more.
    private static let instantPattern =
        "^([0-9]{1,10}([.][0-9]{1,6})?|[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
        + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z)$"

    var schema: JSON {
        var schema: [JSON.Member]
        switch kind {
        case .integer(let range):
            schema = [
                .init("type", "integer"), .init("minimum", .integer(Int64(range.lowerBound))),
                .init("maximum", .integer(Int64(range.upperBound))),
            ]
        case .text(let most):
            schema = [
                .init("type", "string"), .init("minLength", 1), .init("maxLength", .integer(Int64(most))),
            ]
        case .choice(let names): schema = [.init("type", "string"), .init("enum", .array(names.map(JSON.string)))]
        case .list(let names):
            schema = [
                .init("type", "array"),
                .init("items", ["type": "string", "enum": .array(names.map(JSON.string))]),
            ]
        case .flag: schema = [.init("type", "string"), .init("enum", ["", "0", "1", "true", "false"])]
        case .room: schema = [.init("type", "string"), .init("pattern", .string(Route.roomPattern))]
        case .instant: schema = [.init("type", "string"), .init("pattern", .string(Self.instantPattern))]
        case .cursor: schema = [.init("type", "string"), .init("pattern", "^[0-9]{1,18}-[0-9]{1,18}$")]
        case .viewer: schema = [.init("type", "string"), .init("pattern", "^(watcher|[0-9]{1,3})$")]
        }
        if let fallback { schema.append(.init("default", fallback)) }
        return .object(schema)
    }
}
