// swift-tools-version: 6.2
import PackageDescription

// Arrows point one way: WebSocket, Observability and PluginAPI import nothing of ours, a plugin imports
// PluginAPI, GameServer composes them. TidyTests holds the arrows.
let package = Package(
    name: "GameServer",
    products: [
        .executable(name: "gameserver", targets: ["GameServerCommand"]),
        .library(name: "GameServer", targets: ["GameServer"]),
        .library(name: "PluginAPI", targets: ["PluginAPI"]),
    ],
    targets: [
        .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", path: "Sources/System/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "WebSocket", dependencies: ["CLinux", "COpenSSL", "CZlib"], exclude: ["README.md"]),
        .target(name: "Observability", dependencies: ["CLinux", "CZlib"], exclude: ["README.md"]),
        .target(name: "PluginAPI", path: "Sources/Plugins/API", exclude: ["README.md"]),
        .target(name: "LiapTui", dependencies: ["PluginAPI"], path: "Sources/Plugins/LiapTui", exclude: ["README.md"]),
        .target(
            name: "TicTacToe", dependencies: ["PluginAPI"], path: "Sources/Plugins/TicTacToe", exclude: ["README.md"]),
        .target(
            name: "GameServer",
            dependencies: ["WebSocket", "Observability", "PluginAPI", "CLinux", "COpenSSL", "CSQLite"],
            exclude: ["README.md"]),
        .executableTarget(
            name: "GameServerCommand",
            dependencies: ["GameServer", "WebSocket", "Observability", "LiapTui", "TicTacToe"], exclude: ["README.md"]),

        .executableTarget(
            name: "FaultyServer", dependencies: ["GameServer", "PluginAPI", "LiapTui"], path: "Tests/FaultyServer",
            exclude: ["README.md"]),
        .executableTarget(
            name: "AutobahnClient", dependencies: ["WebSocket"], path: "Tests/Conformance/Client"),
        .target(
            name: "TestSupport", dependencies: ["GameServer", "Observability", "WebSocket", "PluginAPI", "COpenSSL"],
            path: "Tests/TestSupport"),
        .testTarget(name: "WebSocketTests", dependencies: ["WebSocket", "TestSupport"]),
        .testTarget(name: "ObservabilityTests", dependencies: ["Observability", "TestSupport"]),
        .testTarget(name: "PluginsTests", dependencies: ["PluginAPI", "LiapTui", "TicTacToe", "TestSupport"]),
        .testTarget(name: "GameServerTests", dependencies: ["GameServer", "LiapTui", "TicTacToe", "TestSupport"]),
        .testTarget(name: "SimulationTests", dependencies: ["GameServer", "LiapTui", "TicTacToe", "TestSupport"]),
        .testTarget(name: "TidyTests"),
    ]
)
