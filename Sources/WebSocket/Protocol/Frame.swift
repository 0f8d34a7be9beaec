/// What a frame is, in the four bits the RFC gives it. Values not named here are reserved.
///
/// - Source: RFC 6455 §5.2.
public struct Opcode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inline(__always)
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let continuation = Opcode(rawValue: 0x0)
    public static let text = Opcode(rawValue: 0x1)
    public static let binary = Opcode(rawValue: 0x2)
    public static let close = Opcode(rawValue: 0x8)
    public static let ping = Opcode(rawValue: 0x9)
    public static let pong = Opcode(rawValue: 0xA)

    @inline(__always)
    var isControl: Bool { rawValue & 0x8 != 0 }

    @inline(__always)
    var isReserved: Bool { rawValue & 0x7 > 2 }

    /// As a compressed message's first frame carries it: with the first reserved bit beside it (RFC 7692 §6).
    var compressed: Opcode { Opcode(rawValue: rawValue | 0x40) }
}

/// What a complete message holds.
public enum MessageKind: Sendable {
    case text
    case binary
}

/// A frame's header as it stood on the wire, already checked against every rule that needs no other frame.
struct FrameHeader: Equatable {
    /// Most bytes a header takes: two, eight of extended length, four of masking key.
    static let maxBytes = 14
    /// A control frame has no extended length.
    static let maxHeaderOfControlBytes = 6
    /// Most bytes a control frame may carry (RFC 6455 §5.5).
    static let maxControlPayloadBytes = 125

    var isFinal: Bool
    var opcode: Opcode
    /// Bytes of payload that follow.
    var payloadBytes: Int
    /// The masking key as its four bytes lie in memory, low byte first; 0, which changes nothing, in a server's frame.
    var maskingKey: UInt32
    /// Bytes of the header itself.
    var headerBytes: Int
}

/// How a peer broke the protocol, with the number that shows it.
public enum Violation: Equatable, Sendable {
    case reservedBits(UInt8)
    case reservedOpcode(UInt8)
    case unmaskedFrame
    case maskedFrame
    case lengthNotMinimal(Int)
    case lengthTooLarge
    case controlFrameFragmented
    case controlFrameTooLong(Int)
    case continuationOfNothing
    case messageInsideMessage
    case closePayloadTooShort
    case closeCodeForbidden(UInt16)
    case invalidUTF8
    case compressedDataInvalid
    case messageTooBig(bytes: Int, limit: Int)
    case tooManyFragments(limit: Int)
    case tooManyControlFrames(limit: Int)
    case messageTooSlow(limitMilliseconds: Int)

    /// The code the close frame carries.
    ///
    /// - Source: RFC 6455 §7.4.1.
    public var code: CloseCode {
        switch self {
        case .invalidUTF8, .compressedDataInvalid: .invalidPayload
        case .messageTooBig, .tooManyFragments: .messageTooBig
        case .tooManyControlFrames, .messageTooSlow: .policyViolation
        default: .protocolError
        }
    }
}

extension Violation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .reservedBits(let bits): "reserved bits \(bits) are set, and no agreed extension sets them here"
        case .reservedOpcode(let opcode): "opcode \(opcode) is reserved"
        case .unmaskedFrame: "a client's frame must be masked"
        case .maskedFrame: "a server's frame must not be masked"
        case .lengthNotMinimal(let bytes): "payload length \(bytes) is not in its shortest form"
        case .lengthTooLarge: "payload length has its highest bit set"
        case .controlFrameFragmented: "a control frame must not be fragmented"
        case .controlFrameTooLong(let bytes): "control frame of \(bytes) bytes exceeds the limit of 125"
        case .continuationOfNothing: "continuation frame without a message to continue"
        case .messageInsideMessage: "new message before the last one was finished"
        case .closePayloadTooShort: "close frame with one byte of payload"
        case .closeCodeForbidden(let code): "close code \(code) must not be sent"
        case .invalidUTF8: "text is not valid UTF-8"
        case .compressedDataInvalid: "the message is not valid compressed data"
        case .messageTooBig(let bytes, let limit): "message of \(bytes) bytes exceeds the limit of \(limit)"
        case .tooManyFragments(let limit): "message of more than \(limit) fragments"
        case .tooManyControlFrames(let limit): "more than \(limit) pings and pongs in a second"
        case .messageTooSlow(let limit): "a message has not come whole within \(limit) ms"
        }
    }
}
