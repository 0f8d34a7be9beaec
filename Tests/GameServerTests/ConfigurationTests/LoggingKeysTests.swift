import Testing

@testable import GameServer
@testable import Observability

@Suite("Settings: logging") struct LoggingKeysTests {
    private func load(_ name: String, _ text: String) throws -> Configuration.Logging {
        try ConfigurationLoader(environment: ["GAMESERVER_LOGGING_\(name)": text]).configuration.logging
    }

    @Test(arguments: [("WARN", LogLevel.warning), ("Warning", .warning), ("ERROR", .error), ("trace", .trace)])
    func `a level is taken in any case, and warn is warning`(text: String, level: LogLevel) throws {
        #expect(try load("LEVEL", text).level == level)
    }

    @Test func `categories get levels of their own`() throws {
        let logging = try load("CATEGORY_LEVELS", "websocket=debug, access=WARN")
        #expect(logging.categoryLevels == [.websocket: .debug, .access: .warning])
    }

    @Test(arguments: [
        ("wire=debug", "\"wire\" is no category; there are access, "),
        ("access=loud", "\"loud\" is no level; there are "),
        ("access", "\"access\" is not category=level"), ("audit=error", "audit takes no level"),
    ])
    func `a mistake in the levels of categories is told with what was meant to stand there`(
        text: String, reason: String
    ) throws {
        let error = #expect(throws: ConfigurationError.self) { try load("CATEGORY_LEVELS", text) }
        let sentence = try #require(error?.description)
        #expect(sentence.contains(reason) && sentence.contains("logging.category_levels"), "\(sentence)")
    }

    @Test func `a level that is none is told the levels`() throws {
        let error = #expect(throws: ConfigurationError.self) { try load("LEVEL", "loud") }
        #expect(
            try #require(error?.description).contains("one of trace, debug, info, notice, warning, error, critical"))
    }
}
