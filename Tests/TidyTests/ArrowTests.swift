import Testing

@Suite("Architecture: arrows point one way") struct ArrowTests {
    /// Every folder of `Sources/Plugins` but the API is a game, and its target has the folder's name.
    private static let games: [String] = Set(
        ProjectFile.swift(under: "Sources/Plugins").map { String($0.path.split(separator: "/")[2]) }
    ).subtracting(["API"]).sorted()
    private static let gameFolders = games.map { "Sources/Plugins/" + $0 }

    /// What a folder may import of ours and of the system libraries; standard modules are not arrows.
    private static let arrows: [(folder: String, may: Set<String>)] =
        [
            ("Sources/WebSocket", ["CLinux", "COpenSSL", "CZlib"]),
            ("Sources/Observability", ["CLinux", "CZlib"]),
            ("Sources/Plugins/API", []),
            (
                "Sources/GameServer",
                ["WebSocket", "Observability", "PluginAPI", "CLinux", "COpenSSL", "CSQLite", "CZlib"]
            ),
            (
                "Sources/GameServerCommand",
                Set(games).union(["GameServer", "WebSocket", "Observability", "PluginAPI"])
            ),
        ] + gameFolders.map { ($0, ["PluginAPI"]) }

    /// Modules of the toolchain and the system; everything else is one of ours.
    private static let standard: Set = ["Foundation", "Glibc", "Synchronization", "Swift"]

    @Test(arguments: arrows.map(\.folder))
    func `a module imports only what the map lets it`(folder: String) {
        let files = ProjectFile.swift(under: folder)
        #expect(!files.isEmpty)
        let may = Self.arrows.first { $0.folder == folder }?.may ?? []
        for file in files {
            let strangers = file.imports.filter { !may.contains($0) && !Self.standard.contains($0) }
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers)")
        }
    }

    @Test func `every folder of sources has its arrows`() {
        let known = Self.arrows.map(\.folder)
        for file in ProjectFile.swift(under: "Sources") {
            #expect(known.contains { file.path.hasPrefix($0 + "/") }, "\(file.path)")
        }
    }

    @Test func `games are found by their folders`() {
        #expect(Set(Self.games).isSuperset(of: ["LiapTui", "TicTacToe"]))
    }

    @Test(arguments: ["Sources/WebSocket/Protocol", "Sources/WebSocket/HTTP", "Sources/Plugins/API"] + gameFolders)
    func `what does no input or output imports nothing that could`(folder: String) {
        for file in ProjectFile.swift(under: folder) {
            #expect(Set(file.imports).isDisjoint(with: ["Foundation", "Glibc", "CLinux"]), "\(file.path)")
        }
    }

    @Test func `protocols do not know the sockets under them`() {
        let declaring: Set = ["class", "struct", "enum", "protocol", "actor", "typealias"]
        var types: Set<String> = []
        for file in ProjectFile.swift(under: "Sources/WebSocket/Transport") {
            // What is declared without indentation can be seen from other files.
            for line in file.lines where !line.hasPrefix(" ") && !line.contains("private") {
                let words = ProjectFile.words(of: line)
                guard let index = words.firstIndex(where: declaring.contains) else { continue }
                if let name = words.dropFirst(index + 1).first { types.insert(name) }
            }
        }
        #expect(!types.isEmpty)
        for folder in ["Sources/WebSocket/Protocol", "Sources/WebSocket/HTTP"] {
            for file in ProjectFile.swift(under: folder) {
                let mentioned = file.codeWords.intersection(types).sorted()
                #expect(mentioned.isEmpty, "\(file.path) mentions \(mentioned)")
            }
        }
    }

    @Test(arguments: arrows.map(\.folder) + ["Sources/System"])
    func `a module opens with a page about itself`(folder: String) {
        #expect((ProjectFile.named("\(folder)/README.md")?.lines.count ?? 0) > 5)
    }
}
