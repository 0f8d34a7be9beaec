import Glibc

/// The parsers of the engine under libFuzzer. Compiled into one module with `Sources/WebSocket` by `fuzz.py`, which
/// chooses the target by `FUZZ_TARGET`.
///
/// Each target also holds what it reads against something it must agree with: however bytes are sliced, the same comes
/// out; a limit is a limit; what was written can be read back.
private enum Target: String, CaseIterable {
    /// Frames and messages as a server reads them.
    case frames
    /// The same as a client reads them.
    case clientFrames = "client_frames"
    /// Frames with permessage-deflate agreed.
    case inflater
    /// Requests one behind the other, and the opening handshake in them.
    case http
    /// The server's answer as a client reads it.
    case answer
    /// The values of the extension and subprotocol fields.
    case extensions
    /// What a proxy says of a connection.
    case proxy

    func run(_ bytes: [UInt8]) {
        switch self {
        case .frames: FrameTarget(role: .server).run(bytes)
        case .clientFrames: FrameTarget(role: .client).run(bytes)
        case .inflater: FrameTarget(role: .server, isCompressed: true).run(bytes)
        case .http: HTTPTarget.run(bytes)
        case .answer: AnswerTarget.run(bytes)
        case .extensions: ExtensionTarget.run(bytes)
        case .proxy: ProxyTarget.run(bytes)
        }
    }
}

private let target: Target = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = Target(rawValue: name) else {
        // There is nobody to tell but whoever started it.
        fatalError("FUZZ_TARGET must be one of \(Target.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
    // A trap is how libFuzzer hears of a finding; it keeps the input.
    if !holds { fatalError(what()) }
}

/// Slices of lengths the input itself chooses, so that the fuzzer can move the cuts.
func slices(of bytes: [UInt8]) -> [[UInt8]] {
    guard let first = bytes.first else { return [] }
    var slices: [[UInt8]] = []
    var seed = UInt32(first) &* 2_654_435_761
    var rest = bytes[...]
    while !rest.isEmpty {
        seed = seed &* 1_664_525 &+ 1_013_904_223
        let length = min(rest.count, 1 + Int(seed >> 28))
        slices.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return slices
}
