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
        guard name.contains(where: isVisible) else { throw .badRequest("name: nothing of it can be seen") }
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

    /// Names that look the same: case and what has no width make no difference.
    static func areAlike(_ left: String, _ right: String) -> Bool { look(of: left) == look(of: right) }

    private static func look(of name: String) -> String {
        var seen = String.UnicodeScalarView()
        seen.append(contentsOf: name.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint })
        return String(seen).lowercased()
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        // The Braille pattern without dots is a letter by its class, and blank.
        !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint && scalar != "\u{2800}"
    }

    /// Zero width; they spell Persian and emoji.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar == "\u{200C}" || scalar == "\u{200D}" }
}
