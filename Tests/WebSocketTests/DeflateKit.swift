@testable import WebSocket

/// The extension as a server has it, on a pool of its own unless one is given.
func agreed(
    _ parameters: DeflateParameters = DeflateParameters(), policy: CompressionPolicy = CompressionPolicy(),
    role: Role = .server, pool: DeflatePool? = nil
) -> PermessageDeflate {
    // What a pool shares out it holds on to until it is closed, and nobody closes one that is made here.
    pool?.deflate(parameters, policy, role: role)
        ?? PermessageDeflate(parameters, policy, role: role, pool: DeflatePool())
}

let withoutContexts = DeflateParameters(
    server: .init(keepsContext: false), client: .init(keepsContext: false))

/// A message as a client of its own would deflate it: without context, or with that of the deflater given.
func deflated(_ message: [UInt8], with deflater: Deflater? = nil) -> [UInt8] {
    let memory = DeflateMemory()
    let deflater = deflater ?? Deflater(.init(windowBits: 15, level: 6, memoryLevel: 8), memory: memory)
    var output = ScratchBytes(memory: memory)
    let isWhole = message.withUnsafeBytes { deflater.deflate($0, to: &output) }
    return isWhole ? Array(output.bytes) : []
}

/// Words that repeat, so that there is something to refer back to.
func prose(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    var text: [UInt8] = []
    while text.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += Array(["round ", "declared ", "hand ", "score ", "{\"seat\":", "}, "][Int(state >> 33) % 6].utf8)
    }
    return Array(text.prefix(count))
}

/// Bytes that nothing makes fewer.
func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 9
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}
