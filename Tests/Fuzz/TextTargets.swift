/// Requests, whole and in slices, and the opening handshake of each.
enum HTTPTarget {
    private enum Heard: Equatable {
        case request(String, body: [UInt8])
        case refusal(Int)
    }

    static func run(_ bytes: [UInt8]) {
        let whole = read([bytes])
        demand(read(slices(of: bytes)) == whole, "slices say something else than the whole")
    }

    private static func read(_ slices: [[UInt8]]) -> [Heard] {
        var limits = Limits()
        limits.maxRequestLineBytes = 256
        limits.maxHeaderBytes = 1024
        limits.maxHeaderFields = 16
        limits.maxBodyBytes = 512
        var parser = RequestParser(limits: limits)
        var heard: [Heard] = []
        for slice in slices {
            slice.withUnsafeBytes { parser.append($0) }
            while let next = take(&parser) {
                heard.append(next)
                if case .refusal = next { return heard }
            }
        }
        return heard
    }

    private static func take(_ parser: inout RequestParser) -> Heard? {
        switch parser.next() {
        case .incomplete: return nil
        // Told only to a client whose body has not come yet, which is a matter of slices.
        case .awaitsContinue: return take(&parser)
        case .refusal(let refusal):
            demand((400...599).contains(refusal.status), "a refusal with status \(refusal.status)")
            return .refusal(refusal.status)
        case .request(let head, let body):
            demand(body.count <= 512, "a body of \(body.count) bytes passed the limit")
            let request = Request(head, body: body, peer: "")
            _ = Handshake.check(request)
            return .request("\(head.method) \(head.target)", body: body)
        }
    }
}

/// The answer to our own opening handshake.
enum AnswerTarget {
    static func run(_ bytes: [UInt8]) {
        demand(read([bytes]) == read(slices(of: bytes)), "slices say something else than the whole")
    }

    private static func read(_ slices: [[UInt8]]) -> String {
        var limits = Limits()
        limits.maxRequestLineBytes = 256
        limits.maxHeaderBytes = 1024
        limits.maxHeaderFields = 16
        var request = ClientRequest(host: "localhost", port: 80)
        request.subprotocols = ["a", "b"]
        request.compression = CompressionPolicy()
        var handshake = ClientHandshake(request, nonce: [UInt8](repeating: 7, count: 16), limits: limits)
        for (index, slice) in slices.enumerated() {
            switch slice.withUnsafeBytes({ handshake.receive($0) }) {
            case .incomplete: continue
            case .failed(let failure): return "\(failure)"
            case .opened(let opened):
                let rest = opened.remainder + slices[(index + 1)...].joined()
                return "\(opened.subprotocol ?? "-") \(opened.compression.map { "\($0)" } ?? "-") \(rest)"
            }
        }
        return "incomplete"
    }
}

/// Field values that name extensions and subprotocols.
enum ExtensionTarget {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let headers = Headers([(ExtensionList.header, text), ("Sec-WebSocket-Protocol", text)])
        _ = Handshake.subprotocols(in: headers)
        guard let list = ExtensionList(in: headers), let offer = CompressionPolicy.offer(in: list) else { return }
        let policy = CompressionPolicy()
        let agreed = policy.agree(to: offer)
        for side in [agreed.server, agreed.client] {
            demand((8...15).contains(side.windowBits), "a window of \(side.windowBits) bits was agreed")
        }
        let answer = ExtensionList(in: Headers([(ExtensionList.header, agreed.answer(to: offer))]))
        demand(answer?.items.count == 1, "our own answer cannot be read: \(agreed.answer(to: offer))")
    }
}

/// The header of a proxy.
enum ProxyTarget {
    static func run(_ bytes: [UInt8]) {
        let whole = ProxyHeader.read(bytes[...])
        for length in 0..<min(bytes.count, 300) {
            switch (ProxyHeader.read(bytes[..<length]), whole) {
            case (.incomplete, _): continue
            case (let early, _):
                demand(early == whole, "a beginning of \(length) bytes says something else than the whole")
                return
            }
        }
        if case .header(_, let count) = whole { demand(count <= ProxyHeader.maxBytes, "a header of \(count) bytes") }
    }
}
