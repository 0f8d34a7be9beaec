import PluginAPI

/// The members of one JSON object, read with one clear sentence for each that is wrong.
struct MessageFields {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    subscript(key: String) -> JSON? { json[key] }

    func text(_ key: String) throws(Rejection) -> String {
        guard let text = json[key]?.string else { throw .badRequest("\(key): expected a text") }
        return text
    }

    func optionalText(_ key: String) throws(Rejection) -> String? {
        guard let value = json[key], !value.isNull else { return nil }
        return try text(key)
    }

    func integer(_ key: String) throws(Rejection) -> Int {
        switch json[key] {
        case .integer(let integer): return Int(integer)
        // Some languages know only one kind of number and write 1.0.
        case .number(let number):
            if let integer = Int(exactly: number) { return integer }
            throw .badRequest("\(key): expected a whole number")
        default: throw .badRequest("\(key): expected a whole number")
        }
    }

    func optionalInteger(_ key: String) throws(Rejection) -> Int? {
        guard let value = json[key], !value.isNull else { return nil }
        return try integer(key)
    }

    func optionalList(_ key: String) throws(Rejection) -> [JSON]? {
        guard let value = json[key], !value.isNull else { return nil }
        guard let list = value.elements else { throw .badRequest("\(key): expected a list") }
        return list
    }

    func commandNumber() throws(Rejection) -> Int {
        let n = try integer("n")
        guard n >= 1 else { throw .badRequest("n is \(n): commands count from 1") }
        return n
    }

    func requestID() throws(Rejection) -> RequestID? {
        switch json["id"] {
        case nil, .null: return nil
        case .integer(let integer): return .integer(integer)
        case .number: return .integer(Int64(try integer("id")))
        case .string(let string) where string.utf8.count <= 64: return .string(string)
        default: throw .badRequest("id: a whole number or a text of at most 64 bytes")
        }
    }

    func secret() throws(Rejection) -> SeatSecret? {
        guard let text = try optionalText("secret") else { return nil }
        guard let secret = SeatSecret(text) else { throw .badRequest("secret: 22 to 64 base64url characters") }
        return secret
    }

    typealias Echo = (room: RoomID?, n: Int?, id: RequestID?)

    /// What the answer to a message that cannot be read can still echo.
    var echo: Echo {
        // An id that cannot be echoed is left out; reading it again says why.
        (json["room"]?.string.flatMap { RoomID($0) }, try? integer("n"), try? requestID())
    }
}
