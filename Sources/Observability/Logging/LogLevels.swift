/// The least level that is logged, for each category.
///
/// All of it is one machine word: reading it costs one load, and a change is seen whole.
public struct LogLevels: Sendable, Equatable {
    // Bits 0 to 32: three for the level of each category. 33 to 43: whether it is the category's own. 44 to 46: general.
    @usableFromInline private(set) var word: UInt64

    private static let ownShift = 33
    private static let generalShift = 44

    @usableFromInline init(word: UInt64) { self.word = word }

    /// - Parameter own: categories with a level of their own.
    public init(_ general: LogLevel, own: [LogCategory: LogLevel] = [:]) {
        word = 0
        set(general, for: nil)
        for (category, level) in own { set(level, for: category) }
    }

    /// The level of the categories without one of their own.
    public var general: LogLevel { LogLevel(rawValue: Int(word >> UInt64(Self.generalShift) & 7)) ?? .info }

    /// The level that holds for a category.
    public subscript(category: LogCategory) -> LogLevel {
        LogLevel(rawValue: Int(word >> (3 * category.index) & 7)) ?? .info
    }

    /// Categories with a level of their own.
    public var own: [LogCategory: LogLevel] {
        let categories = LogCategory.allCases.filter(hasOwn)
        return Dictionary(uniqueKeysWithValues: categories.map { ($0, self[$0]) })
    }

    /// - Parameters:
    ///   - level: nil gives a category the general level again.
    ///   - category: nil changes the general level. The audit trail is always whole, so a level for it changes nothing.
    public mutating func set(_ level: LogLevel?, for category: LogCategory?) {
        if let category {
            guard category != .audit else { return }
            store(level ?? general, for: category)
            let flag: UInt64 = 1 << (UInt64(Self.ownShift) + category.index)
            word = level == nil ? word & ~flag : word | flag
        } else if let level {
            word &= ~(7 << UInt64(Self.generalShift))
            word |= level.rank << UInt64(Self.generalShift)
            for category in LogCategory.allCases where category != .audit && !hasOwn(category) {
                store(level, for: category)
            }
        }
    }

    @inlinable func admits(_ level: LogLevel, _ category: LogCategory) -> Bool {
        level.rank >= (word >> (3 &* category.index)) & 7
    }

    private func hasOwn(_ category: LogCategory) -> Bool {
        word >> (UInt64(Self.ownShift) + category.index) & 1 == 1
    }

    private mutating func store(_ level: LogLevel, for category: LogCategory) {
        word &= ~(7 << (3 * category.index))
        word |= level.rank << (3 * category.index)
    }
}

extension LogLevels {
    /// Why a text is no list of category levels.
    public enum TextError: Error, Equatable, CustomStringConvertible {
        case notAPair(String)
        case unknownCategory(String)
        case unknownLevel(String)
        case twice(LogCategory)
        case auditIsWhole

        public var description: String {
            switch self {
            case .notAPair(let text): "\"\(text)\" is not category=level"
            case .unknownCategory(let name):
                "\"\(name)\" is no category; there are \(LogCategory.allCases.map(\.rawValue).joined(separator: ", "))"
            case .unknownLevel(let name):
                "\"\(name)\" is no level; there are \(LogLevel.allCases.map(\.name).joined(separator: ", "))"
            case .twice(let category): "\(category.rawValue) has two levels"
            case .auditIsWhole: "audit takes no level: its lines are always written"
            }
        }
    }

    /// The levels that a text like `websocket=debug, access=warning` gives to categories.
    public static func own(_ text: String) throws(TextError) -> [LogCategory: LogLevel] {
        var levels: [LogCategory: LogLevel] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: true) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false).map { trimmed($0) }
            if pair == [""] { continue }
            guard pair.count == 2 else { throw .notAPair(trimmed(part)) }
            guard let category = LogCategory(rawValue: pair[0]) else { throw .unknownCategory(pair[0]) }
            guard let level = LogLevel(name: pair[1]) else { throw .unknownLevel(pair[1]) }
            guard category != .audit else { throw .auditIsWhole }
            guard levels.updateValue(level, forKey: category) == nil else { throw .twice(category) }
        }
        return levels
    }

    /// The own levels as such a text, in the categories' order.
    public static func text(own levels: [LogCategory: LogLevel]) -> String {
        LogCategory.allCases.compactMap { category in levels[category].map { "\(category.rawValue)=\($0.name)" } }
            .joined(separator: ",")
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
