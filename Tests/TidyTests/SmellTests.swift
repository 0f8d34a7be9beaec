import Testing

@Suite("Contributing: what is sent back") struct SmellTests {
    /// All but the one file that has to spell out what no other may hold.
    private static let files = ProjectFile.all.filter { $0.path != "Tests/TidyTests/SmellTests.swift" }
    private static let swift = files.filter { $0.kind == "swift" }
    private static let maxLines = 400

    @Test func `the project is there to be looked at`() {
        #expect(Self.swift.count > 20)
        #expect(ProjectFile.named("Package.swift") != nil)
        #expect(ProjectFile.named(".ci/run") != nil)
    }

    @Test func `no file is longer than its limit`() {
        for file in Self.files where ["swift", "js", "py"].contains(file.kind) {
            #expect(file.lines.count <= Self.maxLines, "\(file.path): which second noun hides inside?")
        }
    }

    @Test func `a file is named for what it holds`() {
        let empty = ["Manager", "Helper", "Helpers", "Utils", "Utilities", "Misc", "Base", "Placeholder"]
        for file in Self.swift {
            let stem = file.name.dropLast(".swift".count)
            #expect(!empty.contains { stem.hasSuffix($0) }, "\(file.path)")
        }
    }

    @Test func `nothing is left for later`() {
        expectNowhere { line in ["TODO", "FIXME", "XXX"].contains { line.contains($0) } }
    }

    @Test(arguments: ["try!", "@unchecked Sendable", "nonisolated(unsafe)", "fatalError(", "try?"])
    func `what could trap, race or hide a failure stands beside its reason`(smell: String) {
        // In a test a failure that is hidden is the subject often enough.
        for file in Self.swift where smell != "try?" || file.path.hasPrefix("Sources/") {
            for (index, line) in file.lines.enumerated() where line.contains(smell) && !isComment(line) {
                let around = file.lines[max(0, index - 1)...min(file.lines.count - 1, index + 1)]
                #expect(around.contains { $0.contains("//") }, "\(file.path):\(index + 1) \(smell)")
            }
        }
    }

    @Test func `a failure is never caught into nothing`() {
        expectNowhere { $0.filter { !$0.isWhitespace }.contains("catch{}") }
    }

    @Test func `no test sleeps`() {
        expectNowhere(under: "Tests/") { line in
            ["Task.sleep", "usleep(", "Thread.sleep", "time.sleep(", " sleep("].contains { line.contains($0) }
        }
    }

    @Test func `no line names a machine or a package registry`() {
        let folders = ["home", "root", "Users", "work", "farm"].map { "/\($0)/" }
        // Put together here, so that this file passes its own test.
        let hosts = [
            ["pypi", "org"], ["pythonhosted", "org"], ["npmjs", "org"], ["rubygems", "org"], ["crates", "io"],
        ]
        .map { $0.joined(separator: ".") }
        expectNowhere { line in (folders + hosts).contains { line.contains($0) } }
    }

    @Test func `no line leans on an issue number`() {
        expectNowhere { $0.contains("#") && $0.firstMatch(of: /(?i)\b(issue|fixes|closes) #\d+/) != nil }
    }

    private func expectNowhere(under folder: String = "", _ predicate: (String) -> Bool) {
        let places = Self.files.filter { $0.path.hasPrefix(folder) }.flatMap { $0.places(predicate) }
        #expect(places.isEmpty)
    }

    private func isComment(_ line: String) -> Bool { line.drop { $0 == " " }.hasPrefix("//") }
}
