import PluginAPI
import Testing

@Suite("PLUGINS.md: events and actions on the wire") struct FlatCodingTests {
    enum Move: Codable, Equatable {
        case roundStarted(seat: Seat, turnMs: Int, note: String?)
        case pass
    }

    struct Options: Codable, Equatable {
        var scoreLimit = 50
        var botDelayMs = [500, 1500]
        var label: String?
    }

    func text(_ value: some Encodable) throws -> String {
        String(decoding: try FlatEncoder.encode(value), as: UTF8.self)
    }

    @Test func `an enum case is one flat object with its kind first`() throws {
        #expect(
            try text(Move.roundStarted(seat: 2, turnMs: 5, note: nil))
                == #"{"kind":"round_started","seat":2,"turn_ms":5}"#)
        #expect(try text([Move.pass, .pass]) == #"[{"kind":"pass"},{"kind":"pass"}]"#)
    }

    @Test(arguments: [
        Move.roundStarted(seat: 0, turnMs: -1, note: "\u{1}\"é\\"), .roundStarted(seat: 3, turnMs: 0, note: nil), .pass,
    ])
    func `what is written reads back equal`(move: Move) throws {
        #expect(try FlatDecoder.decode(Move.self, parsing: FlatEncoder.encode([move][0])) == move)
    }

    @Test func `nested values, dictionaries and nulls keep their form`() throws {
        struct Nest: Codable, Equatable {
            var byName: [String: [Move]]
            var winner: Nullable<Seat>
            var empty: [Int]
            var none: NoOptions
        }
        let nest = Nest(byName: ["keyIsData_X": [.pass]], winner: .null, empty: [], none: NoOptions())
        #expect(
            try text(nest) == #"{"by_name":{"keyIsData_X":[{"kind":"pass"}]},"winner":null,"empty":[],"none":{}}"#)
        #expect(try FlatDecoder.decode(Nest.self, parsing: FlatEncoder.encode(nest)) == nest)
    }

    @Test func `a missing optional is nil and unknown members are named`() throws {
        let given = try JSON(parsing: Array(#"{"score_limit":7,"bot_delay_ms":[1,2],"lable":"x"}"#.utf8))
        let (options, unknown) = try FlatDecoder.decodeNamingUnknown(Options.self, from: given)
        #expect(options == Options(scoreLimit: 7, botDelayMs: [1, 2], label: nil))
        #expect(unknown == ["lable"])
    }

    @Test(arguments: [
        (#"{"kind":"round_started","seat":"2","turn_ms":5}"#, "seat: expected a whole number"),
        (#"{"kind":"round_started","seat":2.5,"turn_ms":5}"#, "seat: expected a whole number"),
        (#"{"kind":"round_started","seat":true,"turn_ms":5}"#, "seat: expected a whole number"),
        (#"{"kind":"round_started","seat":1}"#, "turn_ms is missing"),
    ])
    func `a wrong member is named in one sentence`(text: String, sentence: String) {
        let error = #expect(throws: (any Error).self) {
            try FlatDecoder.decode(Move.self, parsing: Array(text.utf8))
        }
        #expect(error.map { FlatDecoder.describe($0).hasSuffix(sentence) } == true)
    }

    @Test(arguments: [
        "roundStarted", "round__started", "Round_started", "_round_started", "round_Started", "Pass", "pass_",
    ])
    func `a kind in any other spelling is refused`(kind: String) {
        let text = #"{"kind":"\#(kind)","seat":1,"turn_ms":5}"#
        #expect(throws: (any Error).self) { try FlatDecoder.decode(Move.self, parsing: Array(text.utf8)) }
    }

    @Test(arguments: [#"{"kind":"fly"}"#, "{}", "[]", "3", #"{"kind":7}"#])
    func `an unknown kind is refused`(text: String) {
        #expect(throws: (any Error).self) { try FlatDecoder.decode(Move.self, parsing: Array(text.utf8)) }
    }
}

@Suite("RFC 8259: JSON") struct JSONTests {
    func parse(_ text: String) throws(JSONError) -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test(arguments: [
        "{}", "[]", "null", "true", "-0", "1.5e+3", #""\u00e9\ud83d\ude00\n""#, " { \"a\" : [ 1 , 2 ] } ",
        "9007199254740993",
    ]) func `well-formed text is read`(text: String) {
        #expect(throws: Never.self) { try parse(text) }
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "NaN", "'a'", "\"a", "\"\u{1}\"",
        #""\x""#, #""\ud800""#, #""\udc00""#, "nul", "1 2", "{\"a\":1 \"b\":2}", "[1 2]", "\u{FEFF}1", "1e999",
    ]) func `ill-formed text is refused`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `a key that stands twice is refused, also in a long object`() {
        #expect(throws: JSONError.duplicateKey(at: 7)) { try parse(#"{"a":1,"a":2}"#) }
        let many = (0..<20).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(throws: JSONError.self) { try parse("{\(many),\"k3\":1}") }
    }

    @Test func `nesting has a ceiling`() {
        let limit = JSON.maxDepth
        #expect(throws: Never.self) {
            try parse(String(repeating: "[", count: limit) + String(repeating: "]", count: limit))
        }
        #expect(throws: JSONError.nestedTooDeep(limit: limit)) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONError.badString(at: 0)) { try JSON(parsing: [0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test func `a whole number keeps all its digits`() throws {
        #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try parse("9007199254740993").encoded() == Array("9007199254740993".utf8))
    }
}
