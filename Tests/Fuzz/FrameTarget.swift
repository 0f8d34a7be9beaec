/// Bytes of a peer through an endpoint: whole and in slices.
struct FrameTarget {
    private static let maxMessageBytes = 4096

    let role: Role
    var isCompressed = false

    private enum Heard: Equatable {
        case message(MessageKind, [UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(CloseCode?, [UInt8])
        case violation(Violation)
    }

    func run(_ bytes: [UInt8]) {
        let whole = hear([bytes])
        demand(hear(slices(of: bytes)) == whole, "slices say something else than the whole")
        for case .message(let kind, let payload) in whole {
            demand(payload.count <= Self.maxMessageBytes, "a message of \(payload.count) bytes passed the limit")
            if kind == .text { demand(String(validating: payload, as: UTF8.self) != nil, "text is no UTF-8") }
            if role == .client, !isCompressed { demand(readBack(kind, payload), "what was written is not read back") }
        }
        #if CANARY
        // Planted, to be found: what no seed holds.
        demand(zip(whole, whole.dropFirst()).allSatisfy { $0 != .ping([]) || $1 != .pong([]) }, "canary")
        #endif
        for case .close(let code?, _) in whole { demand(code.isAllowedOnTheWire, "close code \(code) passed") }
    }

    /// A frame this library writes as a server is read by it as a client.
    private func readBack(_ kind: MessageKind, _ payload: [UInt8]) -> Bool {
        hear([FrameEncoder.frame(kind == .text ? .text : .binary, payload: payload)]) == [.message(kind, payload)]
    }

    private func hear(_ slices: [[UInt8]]) -> [Heard] {
        var limits = Limits()
        limits.maxMessageBytes = Self.maxMessageBytes
        limits.maxFragmentsPerMessage = 64
        let pool = isCompressed ? DeflatePool() : nil
        defer { pool?.close() }
        var endpoint = Endpoint(role: role, limits: limits, deflate: pool.map(Self.deflate))
        var heard: [Heard] = []
        for slice in slices where !Self.isOver(heard) {
            var buffer = [UInt8](repeating: 0, count: Endpoint.maxKeptBytes + slice.count)
            buffer.withUnsafeMutableBytes { memory in
                guard let base = memory.baseAddress else { return }
                let kept = endpoint.restore(to: base)
                UnsafeMutableRawBufferPointer(rebasing: memory[kept...]).copyBytes(from: slice)
                var input = ReceivedBytes(base, count: kept + slice.count)
                while !Self.isOver(heard), let event = Self.copy(endpoint.next(&input)) { heard.append(event) }
                if !Self.isOver(heard) {
                    demand(input.count <= Endpoint.maxKeptBytes, "\(input.count) bytes are left over")
                    endpoint.keep(input)
                }
            }
        }
        return heard
    }

    /// With contexts kept, the harder case.
    private static func deflate(_ pool: DeflatePool) -> PermessageDeflate {
        var policy = CompressionPolicy()
        policy.keepsContext = true
        policy.peerKeepsContext = true
        let parameters = DeflateParameters(
            server: .init(keepsContext: true, windowBits: 15), client: .init(keepsContext: true, windowBits: 15))
        return pool.deflate(parameters, policy, role: .server)
    }

    private static func isOver(_ heard: [Heard]) -> Bool {
        switch heard.last {
        case .close, .violation: true
        default: false
        }
    }

    private static func copy(_ event: Endpoint.Event) -> Heard? {
        switch event {
        case .incomplete: nil
        case .message(let kind, let payload): .message(kind, Array(payload))
        case .ping(let payload): .ping(Array(payload))
        case .pong(let payload): .pong(Array(payload))
        case .close(let code, let reason): .close(code, Array(reason))
        case .violation(let violation): .violation(violation)
        }
    }
}
