extension ConfigurationLoader {
    /// The whole configuration as a JSON5 file that gives the same configuration again, secrets left out.
    public func printed() -> String {
        var text = "{\n"
        for section in ConfigurationKey.sections {
            text += "    \(section): {\n"
            for key in ConfigurationKey.all where key.section == section {
                let origin = source(of: key) == .defaults ? "" : "  // \(source(of: key))"
                let line = "\(key.name): \(key.read(configuration).text),"
                text += "        \(key.kind == .secret ? "// " : "")\(line)\(origin)\n"
            }
            text += "    },\n"
        }
        return text + "}\n"
    }
}

extension ConfigurationKey {
    /// In the order they are documented.
    static var sections: [String] {
        all.reduce(into: []) { if $0.last != $1.section { $0.append($1.section) } }
    }

    /// The table of docs/OPERATIONS.md.
    public static func markdownTable() -> String {
        var text = "| Key | Default | Takes | Flag | Meaning |\n|---|---|---|---|---|\n"
        for key in all {
            let flag = key.flag.map { "`\($0)`" } ?? ""
            let value = key.read(Configuration()).text
            text += "| `\(key.path)` | `\(value)` | \(key.expectation) | \(flag) | \(key.help) |\n"
        }
        return text
    }
}
