/// The extensions an opening handshake names, in order, each with its parameters.
///
/// - Source: RFC 6455 §9.1.
struct ExtensionList: Equatable {
    struct Item: Equatable {
        var name: String
        var parameters: [Parameter] = []
    }

    struct Parameter: Equatable {
        var name: String
        var value: String?
    }

    static let header = "Sec-WebSocket-Extensions"

    var items: [Item] = []

    /// - Returns: nil when a field is malformed; no items when there is none.
    init?(in headers: Headers) {
        for value in headers.values(Self.header) {
            var reader = Reader(rest: Array(value.utf8)[...])
            guard let found = reader.items(), !found.isEmpty else { return nil }
            items += found
        }
    }

    /// Takes a field's value apart.
    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// A list; elements may be empty, as HTTP asks of every recipient (RFC 9110 §5.6.1).
        mutating func items() -> [Item]? {
            var items: [Item] = []
            repeat {
                skipSpaces()
                if rest.isEmpty || rest.first == UInt8(ascii: ",") { continue }
                guard let item = item() else { return nil }
                items.append(item)
            } while take(",")
            return rest.isEmpty ? items : nil
        }

        private mutating func item() -> Item? {
            guard let name = token() else { return nil }
            var item = Item(name: name)
            while take(";") {
                guard let name = token() else { return nil }
                var value: String?
                if take("=") {
                    guard let given = rest.first == UInt8(ascii: "\"") ? quoted() : token() else { return nil }
                    value = given
                }
                item.parameters.append(Parameter(name: name, value: value))
            }
            return item
        }

        /// The next mark, with the space around it.
        private mutating func take(_ mark: Unicode.Scalar) -> Bool {
            skipSpaces()
            guard rest.first == UInt8(ascii: mark) else { return false }
            rest = rest.dropFirst()
            skipSpaces()
            return true
        }

        private mutating func token() -> String? {
            let token = rest.prefix(while: HTTPCharacters.isToken)
            rest = rest.dropFirst(token.count)
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }

        /// Between quotes stands a token, too, once its backslashes are taken off.
        private mutating func quoted() -> String? {
            rest = rest.dropFirst()
            var value: [UInt8] = []
            while var byte = rest.popFirst() {
                if byte == UInt8(ascii: "\"") { return value.isEmpty ? nil : String(decoding: value, as: UTF8.self) }
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { return nil }
                    byte = escaped
                }
                guard HTTPCharacters.isToken(byte) else { return nil }
                value.append(byte)
            }
            return nil
        }

        private mutating func skipSpaces() {
            rest = rest.drop { $0 == HTTPCharacters.space || $0 == HTTPCharacters.tab }
        }
    }
}
