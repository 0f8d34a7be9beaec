import TestSupport

@testable import WebSocket

/// What an endpoint said, with its payloads copied.
enum Heard: Equatable {
    case text(String)
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16?, String)
    case violation(Violation)

    /// Whether nothing can follow.
    var isLast: Bool {
        switch self {
        case .close, .violation: true
        default: false
        }
    }
}

/// Feeds an endpoint as a connection does: what it leaves comes again in front of the next slice.
func hear(
    _ slices: [[UInt8]], limits: Limits = Limits(), role: Role = .server, deflate: PermessageDeflate? = nil
) -> [Heard] {
    var endpoint = Endpoint(role: role, limits: limits, deflate: deflate)
    var heard: [Heard] = []
    for slice in slices where heard.last?.isLast != true {
        var buffer = [UInt8](repeating: 0, count: Endpoint.maxKeptBytes + slice.count)
        buffer.withUnsafeMutableBytes { memory in
            guard let base = memory.baseAddress else { return }
            let kept = endpoint.restore(to: base)
            UnsafeMutableRawBufferPointer(rebasing: memory[kept...]).copyBytes(from: slice)
            var input = ReceivedBytes(base, count: kept + slice.count)
            while let event = copy(endpoint.next(&input)) {
                heard.append(event)
                if event.isLast { return }
            }
            endpoint.keep(input)
        }
    }
    return heard
}

func hear(
    _ bytes: [UInt8], limits: Limits = Limits(), role: Role = .server, deflate: PermessageDeflate? = nil
) -> [Heard] {
    hear([bytes], limits: limits, role: role, deflate: deflate)
}

private func copy(_ event: Endpoint.Event) -> Heard? {
    switch event {
    case .incomplete: nil
    case .message(.text, let payload): .text(String(decoding: payload, as: UTF8.self))
    case .message(.binary, let payload): .binary(Array(payload))
    case .ping(let payload): .ping(Array(payload))
    case .pong(let payload): .pong(Array(payload))
    case .close(let code, let reason): .close(code?.rawValue, String(decoding: reason, as: UTF8.self))
    case .violation(let violation): .violation(violation)
    }
}
