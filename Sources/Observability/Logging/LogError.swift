import Foundation

/// An error as a line tells it.
public struct LogError: Sendable, Equatable {
    public var type: String
    public var message: String
    /// Frames, innermost first.
    public var stack: [String]
    /// Whether the server went on as if nothing had been; nil when nobody can say yet.
    public var recovered: Bool?

    /// - Parameter message: for people; never a token, a secret or a client's payload.
    public init(type: String, message: String, stack: [String] = [], recovered: Bool? = nil) {
        self.type = type
        self.message = message
        self.stack = stack
        self.recovered = recovered
    }

    /// An error by its type and its case: what the case carries may be anybody's and is left out.
    public init(_ error: any Error, stack: [String] = [], recovered: Bool? = nil) {
        let mirror = Mirror(reflecting: error)
        let message: String =
            switch mirror.displayStyle {
            case .enum: mirror.children.first.map { $0.label ?? "" } ?? String(describing: error)
            default: String(describing: Swift.type(of: error))
            }
        self.init(
            type: Self.name(of: Swift.type(of: error)), message: message, stack: stack, recovered: recovered)
    }

    /// Without the place of a private type, which is another in every run.
    private static func name(of type: any Error.Type) -> String {
        String(reflecting: type).split(separator: ".").filter { !$0.hasPrefix("(unknown context") }
            .joined(separator: ".")
    }

    /// Most frames of a line.
    static let maxFrames = 32

    /// The frames of the calling thread. Dear: for faults, not for refusals.
    public static func currentStack() -> [String] {
        Array(Thread.callStackSymbols.dropFirst().prefix(maxFrames))
    }

    /// Equal for errors of one origin, over runs and machines: 16 hexadecimal digits.
    ///
    /// FNV-1a over the type, the message without what varies in it, and the three innermost frames without addresses.
    public var fingerprint: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for part in [type, Self.steady(message)] + stack.prefix(3).map(Self.steady(frame:)) {
            for byte in Array(part.utf8) + [0] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Words that hold a digit (numbers, ids, addresses) and quoted text become `#`.
    static func steady(_ message: String) -> String {
        var text = ""
        var word = ""
        var quote: Character?
        for character in message + " " {
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            if character.isLetter || character.isNumber {
                word.append(character)
                continue
            }
            text += word.contains(where: \.isNumber) ? "#" : word
            word = ""
            if character == "\"" {
                text += "#"
                quote = character
            } else {
                text.append(character)
            }
        }
        return text
    }

    /// Without the frame's index, its addresses and the offset into the function.
    static func steady(frame: String) -> String {
        let words = frame.split(separator: " ").filter { word in
            !word.hasPrefix("0x") && word != "+" && !word.allSatisfy(\.isNumber)
        }
        return words.joined(separator: " ")
    }
}
