/// Names people choose for themselves.
///
/// - Source: docs/PROTOCOL.md, "Framing".
enum PlayerName {
    /// The name without white space around it.
    ///
    /// - Throws: `bad_request` when it is empty, too long, or could disturb a page or a log.
    static func checked(_ given: String, limit: Int) throws(Rejection) -> String {
        let scalars = Array(given.unicodeScalars)
        let from = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
        let to = scalars.lastIndex { !$0.properties.isWhitespace }.map { $0 + 1 } ?? from
        let name = scalars[from..<to]
        guard (1...limit).contains(name.count) else {
            throw .badRequest("name of \(name.count) characters: 1 to \(limit)")
        }
        for scalar in name {
            switch scalar.properties.generalCategory {
            case .format where scalar == "\u{200C}" || scalar == "\u{200D}": break  // joiners spell Persian and emoji
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                throw .badRequest("name: no control characters")
            default: break
            }
            guard scalar != "<", scalar != ">", scalar != "&", scalar != "\"" else {
                throw .badRequest("name: none of < > & \"")
            }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: name)
        return String(text)
    }
}
