import TestSupport
import Testing

@testable import Observability

@Suite("Log levels") struct LogLevelsTests {
    @Test func `a category has the general level until it gets one of its own`() {
        var levels = LogLevels(.info)
        levels.set(.debug, for: .websocket)
        levels.set(.error, for: nil)
        #expect(levels.general == .error)
        #expect(levels[.websocket] == .debug)
        #expect(levels[.access] == .error)
        #expect(levels.own == [.websocket: .debug])
        levels.set(nil, for: .websocket)
        #expect(levels[.websocket] == .error)
        #expect(levels.own.isEmpty)
    }

    @Test func `every level of every category is kept apart from the others`() {
        for category in LogCategory.allCases where category != .audit {
            for level in LogLevel.allCases {
                var levels = LogLevels(.notice)
                levels.set(level, for: category)
                for other in LogCategory.allCases where other != .audit {
                    #expect(levels[other] == (other == category ? level : .notice))
                    for line in LogLevel.allCases { #expect(levels.admits(line, other) == (line >= levels[other])) }
                }
                #expect(levels.general == .notice)
            }
        }
    }

    @Test func `the audit trail is whole whatever the levels`() {
        var levels = LogLevels(.critical)
        levels.set(.critical, for: .audit)
        #expect(levels.admits(.trace, .audit))
    }

    @Test func `ranks and indexes are those of the cases`() {
        for level in LogLevel.allCases { #expect(level.rank == UInt64(level.rawValue)) }
        for (index, category) in LogCategory.allCases.enumerated() { #expect(category.index == UInt64(index)) }
    }

    @Test func `a change while lines are made loses no other change`() async {
        let logger = Logger.discarding()
        await withTaskGroup(of: Void.self) { group in
            for category in LogCategory.allCases {
                group.addTask { for level in LogLevel.allCases { logger.setLevel(level, for: category) } }
            }
        }
        for category in LogCategory.allCases where category != .audit {
            #expect(logger.levels[category] == .critical)
        }
        #expect(logger.levels.own.count == LogCategory.allCases.count - 1)
    }

    @Test func `levels are read from a text and written as one`() throws {
        let levels = try LogLevels.own(" websocket = debug,access=WARN,, ")
        #expect(levels == [.websocket: .debug, .access: .warning])
        #expect(LogLevels.text(own: levels) == "access=warning,websocket=debug")
        #expect(try LogLevels.own("") == [:])
    }

    @Test(arguments: [
        ("websocket", LogLevels.TextError.notAPair("websocket")), ("a=b=c", .notAPair("a=b=c")),
        ("wire=debug", .unknownCategory("wire")), ("access=loud", .unknownLevel("loud")),
        ("access=info,access=debug", .twice(.access)), ("audit=error", .auditIsWhole),
    ])
    func `a text that is no list of levels is told why`(text: String, error: LogLevels.TextError) {
        #expect(throws: error) { try LogLevels.own(text) }
    }
}
