import Foundation

/// A text file of the project, read once.
struct ProjectFile: Sendable {
    /// From the project's folder: `Sources/WebSocket/README.md`.
    let path: String
    let lines: [String]

    var text: String { lines.joined(separator: "\n") }
    var name: String { (path as NSString).lastPathComponent }
    var kind: String { (path as NSString).pathExtension }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// Every text file, tests and documents included, builds and downloads excluded.
    static let all: [ProjectFile] = {
        var files: [ProjectFile] = []
        let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []  // empty fails every test
        for entry in top where !entry.hasPrefix(".") && entry != "data" || entry == ".ci" {
            let below = FileManager.default.enumerator(atPath: root.appending(path: entry).path)
            let inside = (below?.compactMap { $0 as? String } ?? []).map { entry + "/" + $0 }
            for path in [entry] + inside where isOurs(path) {
                // A folder, or a binary file: neither has lines.
                guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else { continue }
                files.append(ProjectFile(path: path, lines: text.components(separatedBy: "\n")))
            }
        }
        return files.sorted { $0.path < $1.path }
    }()

    private static let kinds: Set = [
        "swift", "js", "mjs", "py", "c", "h", "css", "html", "md", "sh", "json", "txt", "",
    ]

    private static func isOurs(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return kinds.contains((path as NSString).pathExtension)
            && !parts.contains { $0.hasPrefix(".") && $0 != ".ci" || $0 == "node_modules" || $0 == "__pycache__" }
    }

    static func swift(under folder: String) -> [ProjectFile] {
        all.filter { $0.kind == "swift" && $0.path.hasPrefix(folder + "/") }
    }

    static func named(_ path: String) -> ProjectFile? { all.first { $0.path == path } }

    /// The modules it imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(of: "import"), words[..<index].allSatisfy(Self.isImportModifier)
            else { return nil }
            return words.dropFirst(index + 1).first?.components(separatedBy: ".")[0]
        }
    }

    private static func isImportModifier(_ word: String) -> Bool {
        word.hasPrefix("@") || ["public", "internal", "private", "fileprivate", "package"].contains(word)
    }

    /// The words of its code, without comments and without what stands in quotes.
    var codeWords: Set<String> {
        var words: Set<String> = []
        for line in lines {
            var code = ""
            for (index, piece) in line.components(separatedBy: "\"").enumerated() where index % 2 == 0 {
                let comment = piece.range(of: "//")
                code += piece[..<(comment?.lowerBound ?? piece.endIndex)] + " "
                if comment != nil { break }
            }
            words.formUnion(Self.words(of: code))
        }
        return words
    }

    static func words(of line: String) -> [String] {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
    }

    /// Lines a predicate holds for, as `path:number`, for a test's message.
    func places(_ predicate: (String) -> Bool) -> [String] {
        lines.enumerated().filter { predicate($0.element) }.map { "\(path):\($0.offset + 1)" }
    }
}
