import Foundation
import Observability
import Testing

@testable import GameServer

@Suite("Operations: settings") struct ConfigurationLoaderTests {
    private func load(
        _ text: String? = nil, environment: [String: String] = [:], flags: [(String, String)] = []
    ) throws -> Configuration {
        try Self.withFile(text) { path in
            try ConfigurationLoader(
                file: path, environment: environment, flags: flags.map { (flag: $0.0, value: $0.1) }
            ).configuration
        }
    }

    /// The one sentence of the mistake, with the file called `x.json5`.
    private func mistake(
        _ text: String? = nil, environment: [String: String] = [:], flags: [(String, String)] = []
    ) throws -> String {
        try Self.withFile(text) { path in
            let error = try #require(throws: ConfigurationError.self) {
                try ConfigurationLoader(
                    file: path, environment: environment, flags: flags.map { (flag: $0.0, value: $0.1) })
            }
            return path.map { error.description.replacing($0, with: "x.json5") } ?? error.description
        }
    }

    private static func withFile<Result>(_ text: String?, _ body: (String?) throws -> Result) throws -> Result {
        guard let text else { return try body(nil) }
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json5")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }  // a file left behind fails no test
        return try body(url.path)
    }

    @Test func `without any source everything is at its default`() throws {
        #expect(try load() == Configuration())
        #expect(try load("{}") == Configuration())
    }

    @Test func `the file is over the defaults, the environment over the file, a flag over all`() throws {
        let file = "{ server: { port: 1, host: 'a', node: \"f\", }, /* a comment */ }"
        let environment = ["GAMESERVER_SERVER_PORT": "2", "GAMESERVER_SERVER_HOST": "b", "HOME": "x"]
        let configuration = try load(file, environment: environment, flags: [("--port", "3")])
        #expect(configuration.server.port == 3)
        #expect(configuration.server.host == "b")
        #expect(configuration.server.node == "f")
    }

    @Test func `every key can be set from a file and from the environment`() throws {
        for key in ConfigurationKey.all {
            let (text, value): (String, ConfigurationValue) =
                switch key.kind {
                case .integer(let range): ("\(range.upperBound)", .integer(range.upperBound))
                case .text where key.path == "recovery.overrides":
                    ("memory_pressure.max_attempts=1", .text("memory_pressure.max_attempts=1"))
                case .text, .secret: ("abc", .text("abc"))
                case .boolean: ("true", .boolean(true))
                case .choice(let names): (names[0], .text(names[0]))
                case .level: ("debug", .text("debug"))
                case .levels: ("access=debug", .text("access=debug"))
                case .addresses: ("10.0.0.1,::1", .text("10.0.0.1, ::1"))
                case .listen: ("[::1]:80 proxy,unix:/a", .text("[::1]:80 proxy, unix:/a"))
                }
            let quoted = if case .text = value { "'\(text)'" } else { text }
            let file = "{ \(key.section): { \(key.name): \(quoted) } }"
            // What is bounded by others, or says nothing without them.
            let more: [String: String] =
                switch key.path {
                case "limits.message_bytes": ["GAMESERVER_LIMITS_SOCKET_MESSAGE_BYTES": "16777216"]
                case "slow.lagging_bytes": ["GAMESERVER_SLOW_OUTBOX_BYTES": "1073741824"]
                case "tls.cert": ["GAMESERVER_TLS_KEY": "k"]
                case "tls.key": ["GAMESERVER_TLS_CERT": "c"]
                case "tls.directory": ["GAMESERVER_TLS_CERT": "c", "GAMESERVER_TLS_KEY": "k"]
                default: [:]
                }
            let fromFile = try load(file, environment: more)
            let fromVariable = try load(environment: more.merging([key.variable: text]) { $1 })
            if key.kind == .secret {
                for admin in [fromFile.admin, fromVariable.admin] {
                    let secrets = [admin.token, admin.operatorToken, admin.viewerToken].compactMap { $0?.reveal() }
                    #expect(secrets == [text], "\(key.path)")
                }
            } else {
                #expect(key.read(fromFile) == value && key.read(fromVariable) == value, "\(key.path)")
            }
        }
    }

    @Test func `an unknown key is named with its source and a nearby name`() throws {
        #expect(
            try mistake("{ limits: { rate_per_sec: 3 } }")
                == "configuration: limits.rate_per_sec in x.json5 is unknown: did you mean limits.rate_per_s?")
        #expect(try mistake("{ limit: {} }") == "configuration: limit in x.json5 is unknown: did you mean limits?")
        #expect(try mistake("{ quantum: 1 }") == "configuration: quantum in x.json5 is unknown")
        #expect(
            try mistake(environment: ["GAMESERVER_SERVER_PROT": "1"])
                == "configuration: environment variable GAMESERVER_SERVER_PROT is unknown: "
                + "did you mean GAMESERVER_SERVER_PORT?")
        #expect(
            try mistake(environment: ["GAMESERVER_LIMITS_NOPE": "1"])
                == "configuration: environment variable GAMESERVER_LIMITS_NOPE is unknown")
    }

    @Test(arguments: [
        ("{ limits: { rate_per_s: 0 } }", "limits.rate_per_s in x.json5 is 0: at least 1"),
        ("{ server: { port: 65536 } }", "server.port in x.json5 is 65536: at most 65535"),
        (
            "{ http: { trusted_proxies: '10.0.0.1, proxy.local' } }",
            "http.trusted_proxies in x.json5 is \"10.0.0.1, proxy.local\": proxy.local is no IP address or network"
        ),
        (
            "{ http: { uncounted_addresses: '10.0.0.0/33' } }",
            "http.uncounted_addresses in x.json5 is \"10.0.0.0/33\": 10.0.0.0/33 is no IP address or network"
        ),
        (
            "{ server: { listen: '[::1]:80, unix:relative' } }",
            "server.listen in x.json5 is \"[::1]:80, unix:relative\": unix:relative is no address to listen on"
        ),
        (
            "{ server: { socket_mode: '0777' } }",
            "server.socket_mode in x.json5 is \"0777\": one of 0600, 0660, 0666"
        ),
        ("{ server: { port: '1' } }", "server.port in x.json5 is \"1\": a whole number from 0 to 65535"),
        ("{ server: { port: 1.5 } }", "server.port in x.json5 is 1.5: a whole number from 0 to 65535"),
        ("{ server: { port: null } }", "server.port in x.json5 is null: a whole number from 0 to 65535"),
        ("{ server: { port: true } }", "server.port in x.json5 is true: a whole number from 0 to 65535"),
        ("{ server: { port: [1] } }", "server.port in x.json5 is a list: a whole number from 0 to 65535"),
        ("{ server: { loops: 65 } }", "server.loops in x.json5 is 65: at most 64"),
        ("{ server: { host: '' } }", "server.host in x.json5 is \"\": a text of 1 to 255 characters"),
        ("{ metrics: { public: 1 } }", "metrics.public in x.json5 is 1: true or false"),
        ("{ store: { durability: 'disk' } }", "store.durability in x.json5 is \"disk\": one of power, process"),
        ("{ admin: { token: 'a b' } }", "admin.token in x.json5 is [redacted]: 1 to 256 visible ASCII characters"),
        ("{ server: 5 }", "server in x.json5 is 5: an object of keys"),
        (
            "{ limits: { message_bytes: 65537 } }",
            "limits.message_bytes in x.json5 is 65537: at most limits.socket_message_bytes, which is 65536"
        ),
        (
            "{ slow: { outbox_bytes: 65536 } }",
            "slow.outbox_bytes in x.json5 is 65536: at least slow.lagging_bytes, which is 262144"
        ),
        ("{ tls: { key: 'k.pem' } }", "tls.key in x.json5 is \"k.pem\": tls.cert has to be set too"),
        ("{ tls: { cert: 'c.pem' } }", "tls.cert in x.json5 is \"c.pem\": tls.key has to be set too"),
        ("{ tls: { directory: 'd' } }", "tls.directory in x.json5 is \"d\": tls.cert has to be set too"),
        ("{ tls: { minimum_version: '1.1' } }", "tls.minimum_version in x.json5 is \"1.1\": one of 1.2, 1.3"),
        (
            "{ recovery: { overrides: 'memory_pressure.target=0.95' } }",
            "recovery.overrides in x.json5 is \"memory_pressure.target=0.95\": the recovery procedure memory_pressure "
                + "aims at a memory_ratio that already calls for it"
        ),
    ])
    func `a bad value is told with its source, key, value and limit`(text: String, sentence: String) throws {
        #expect(try mistake(text) == "configuration: " + sentence)
    }

    @Test func `a bad value in the environment or a flag names that source`() throws {
        #expect(
            try mistake(environment: ["GAMESERVER_LIMITS_BURST": "many"])
                == "configuration: limits.burst in environment variable GAMESERVER_LIMITS_BURST is \"many\": "
                + "a whole number from 1 to 100000")
        #expect(
            try mistake(flags: [("--loops", "65")])
                == "configuration: server.loops in --loops is 65: at most 64")
    }

    @Test(arguments: ["[]", "5", "{", "{ a: }", ""])
    func `a file that is not an object in JSON5 is refused in one line`(text: String) throws {
        let sentence = try mistake(text)
        #expect(sentence.hasPrefix("configuration: x.json5 is not JSON5: "))
        #expect(!sentence.contains("\n"))
    }

    @Test func `a missing file is refused`() throws {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationLoader(file: "/nowhere/x.json5") }
        #expect(error?.description == "configuration: /nowhere/x.json5 cannot be read: no such file, or not allowed")
    }

    @Test func `what config print shows gives the same configuration again, secrets left out`() throws {
        let loader = try ConfigurationLoader(
            environment: ["GAMESERVER_ADMIN_TOKEN": "hunter2"],
            flags: [("--port", "0"), ("--durability", "process"), ("--allow-seeds", "true")])
        let printed = loader.printed()
        var again = try load(printed)
        again.admin.token = Secret("hunter2")
        #expect(again == loader.configuration)
        #expect(!printed.contains("hunter2"))
        #expect(printed.contains("port: 0,  // --port\n"))
    }

    @Test func `every key has a name of its own, a unit where it counts one, and a help sentence`() {
        #expect(Set(ConfigurationKey.all.map(\.path)).count == ConfigurationKey.all.count)
        #expect(Set(ConfigurationKey.all.map(\.variable)).count == ConfigurationKey.all.count)
        for key in ConfigurationKey.all { #expect(key.help.hasSuffix("."), "\(key.path)") }
        #expect(ConfigurationKey.sections.count == Set(ConfigurationKey.all.map(\.section)).count)
    }

    @Test func `every default is a value its key takes`() {
        for key in ConfigurationKey.all where key.kind != .secret {
            #expect(key.objection(to: key.read(Configuration())) == nil, "\(key.path)")
        }
    }

    @Test func `the table of the operations manual is the table of the keys`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let manual = try String(contentsOf: root.appending(path: "docs/OPERATIONS.md"), encoding: .utf8)
        #expect(
            manual.contains(ConfigurationKey.markdownTable()), "put this there:\n\(ConfigurationKey.markdownTable())")
    }
}
