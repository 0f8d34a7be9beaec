/// The referee's own copy of the pieces and combinations: a table made from the text of the rules.
enum Rulebook {
    struct Form {
        let type: String
        let strength: Int
    }

    private static let names: [(name: String, red: Int, copies: Int)] = [
        ("GENERAL", 14, 1), ("ADVISOR", 12, 2), ("ELEPHANT", 10, 2), ("CHARIOT", 8, 2), ("HORSE", 6, 2),
        ("CANNON", 4, 2), ("SOLDIER", 2, 5),
    ]

    private static let pointsByKind: [String: Int] = {
        var points: [String: Int] = [:]
        for (name, red, _) in names { (points["\(name)_RED"], points["\(name)_BLACK"]) = (red, red - 1) }
        return points
    }()

    /// All 32 pieces in alphabetical order.
    static let deck: [String] = names.flatMap { name, _, copies in
        ["\(name)_RED", "\(name)_BLACK"].flatMap { Array(repeating: $0, count: copies) }
    }.sorted()

    static func points(of kind: String) throws -> Int {
        guard let points = pointsByKind[kind] else { throw Referee.Foul(description: "there is no piece \(kind)") }
        return points
    }

    /// Nil when `pieces` form nothing.
    static func form(of pieces: [String]) -> Form? { forms[pieces.sorted().joined(separator: " ")] }

    /// Every combination there is, by its pieces in alphabetical order.
    private static let forms: [String: Form] = {
        var forms: [String: Form] = [:]
        func add(_ type: String, _ pieces: [String], core: [String]? = nil) {
            let strength = (core ?? pieces).reduce(0) { $0 + (pointsByKind[$1] ?? 0) }
            forms[pieces.sorted().joined(separator: " ")] = Form(type: type, strength: strength)
        }
        for colour in ["RED", "BLACK"] {
            for (name, _, copies) in names {
                let kind = "\(name)_\(colour)"
                add("SINGLE", [kind])
                if copies > 1 { add("PAIR", [kind, kind]) }
            }
            let soldier = "SOLDIER_\(colour)"
            add("THREE_OF_A_KIND", Array(repeating: soldier, count: 3))
            add("FOUR_OF_A_KIND", Array(repeating: soldier, count: 4))
            add("FIVE_OF_A_KIND", Array(repeating: soldier, count: 5))
            for group in [["GENERAL", "ADVISOR", "ELEPHANT"], ["CHARIOT", "HORSE", "CANNON"]] {
                let core = group.map { "\($0)_\(colour)" }
                add("STRAIGHT", core)
                for first in core.indices {
                    add("EXTENDED_STRAIGHT", core + [core[first]], core: core)
                    for second in core.indices where second > first {
                        add("EXTENDED_STRAIGHT_5", core + [core[first], core[second]], core: core)
                    }
                }
                if group[0] == "CHARIOT" { add("DOUBLE_STRAIGHT", core + core) }
            }
        }
        return forms
    }()
}
