import Testing

@testable import WebSocket

@Suite("RFC 9110 §15: status codes") struct StatusTests {
    private func head(_ response: Response) -> String {
        String(decoding: response.encodedHead(keepsAlive: true, date: nil), as: UTF8.self)
    }

    @Test(arguments: [200, 304, 401, 410, 426, 503, 505])
    func `a status that is used has its phrase`(status: Int) {
        #expect(head(Response(status: status)).prefix { $0 != "\r\n" }.count > "HTTP/1.1 200 ".count)
    }

    @Test func `an Upgrade field is named by Connection too`() {
        let response = Response(status: 426, headers: [("Upgrade", "websocket")])
        #expect(head(response).contains("\r\nConnection: upgrade, keep-alive\r\n"))
    }

    @Test(arguments: [(414, "GET /\(String(repeating: "a", count: 99)) HTTP/1.1\r\n"), (431, "X: y\r\nLonger: z\r\n")])
    func `a refusal for length names the limit, not what was left of it`(status: Int, text: String) {
        var limits = Limits()
        limits.maxRequestLineBytes = 64
        limits.maxHeaderBytes = 16
        var parser = RequestParser(limits: limits)
        let line = status == 431 ? "GET / HTTP/1.1\r\n" : ""
        Array((line + text).utf8).withUnsafeBytes { parser.append($0) }
        guard case .refusal(let refusal) = parser.next() else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.status == status)
        #expect(refusal.reason.hasSuffix("the limit of \(status == 431 ? 16 : 64) bytes"))
    }
}
