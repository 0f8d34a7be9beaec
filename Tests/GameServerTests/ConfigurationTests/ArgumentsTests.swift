import Testing

@testable import GameServer

@Suite("Operations: command line") struct ArgumentsTests {
    @Test func `serve takes its settings with and without an equals sign, in order`() throws {
        let arguments = try Arguments(
            ["serve", "--port", "0", "--data=d", "--allow-seeds", "--config", "c.json5", "--open", "--port=1"])
        #expect(arguments.command == .serve)
        #expect(arguments.opensBrowser)
        #expect(arguments.configurationFile == "c.json5")
        #expect(arguments.settings.map(\.flag) == ["--port", "--data", "--allow-seeds", "--port"])
        #expect(arguments.settings.map(\.value) == ["0", "d", "true", "1"])
    }

    @Test func `echo compresses when it is told to, and serve is told by its settings`() throws {
        #expect(try Arguments(["echo", "--compression", "--port", "0"]).compresses)
        #expect(try !Arguments(["echo"]).compresses)
        #expect(throws: UsageError.surplusValue("--compression")) { try Arguments(["echo", "--compression=on"]) }
        let environment = ["GAMESERVER_COMPRESSION_ENABLED": "true"]
        #expect(try Arguments(["serve"]).load(environment: environment).configuration.compression.isEnabled)
        #expect(try !Arguments(["serve"]).load(environment: [:]).configuration.compression.isEnabled)
    }

    @Test func `the last of two flags of a kind counts`() throws {
        let loader = try Arguments(["serve", "--port", "1", "--port", "2"]).load(environment: [:])
        #expect(loader.configuration.server.port == 2)
    }

    @Test func `no word at all is a mistake that is told with the usage`() {
        let error = #expect(throws: UsageError.noCommand) { try Arguments([]) }
        #expect(error?.description == Arguments.usage)
    }

    @Test func `help is no mistake, wherever it is asked for`() throws {
        #expect(try Arguments(["--help"]).command == .help)
        #expect(try Arguments(["help"]).command == .help)
        #expect(try Arguments(["serve", "--help"]).command == .help)
        #expect(try Arguments(["config", "print"]).command == .configPrint)
        #expect(try Arguments(["--version"]).command == .version)
    }

    @Test(arguments: [
        (["serv"], "gameserver: there is no command \"serv\": try serve"),
        (["dance"], "gameserver: there is no command \"dance\": try gameserver --help"),
        (["config"], "gameserver: there is no command \"config\": try config check or config print"),
        (["config", "mend"], "gameserver: there is no command \"config mend\": try config check or config print"),
        (["serve", "--prot", "1"], "gameserver: serve takes no \"--prot\": try --port"),
        (["echo", "--data", "d"], "gameserver: echo takes no \"--data\": try gameserver --help"),
        (["version", "now"], "gameserver: version takes no \"now\": try gameserver --help"),
        (["serve", "--port"], "gameserver: --port needs a value: try gameserver --help"),
        (["serve", "--open=x"], "gameserver: --open takes no value: try --open alone"),
    ])
    func `what cannot be understood is told in one sentence with a hint`(words: [String], sentence: String) {
        let error = #expect(throws: UsageError.self) { try Arguments(words) }
        #expect(error?.description == sentence)
    }

    @Test func `every flag of the key table stands in the usage`() {
        for key in ConfigurationKey.all {
            if let flag = key.flag { #expect(Arguments.usage.contains(flag)) }
        }
    }
}
