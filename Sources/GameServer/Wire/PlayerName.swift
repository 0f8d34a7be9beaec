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
        guard !name.allSatisfy(isJoiner) else { throw .badRequest("name: nothing of it can be seen") }
        for scalar in name {
            switch scalar.properties.generalCategory {
            case .format where isJoiner(scalar): break
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

    /// Zero width; they spell Persian and emoji.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar == "\u{200C}" || scalar == "\u{200D}" }
}
