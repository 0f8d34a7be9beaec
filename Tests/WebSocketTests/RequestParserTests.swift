import TestSupport
import Testing

@testable import WebSocket

/// Everything a parser says about some bytes, as one line each.
private func parse(_ slices: [[UInt8]], limits: Limits = Limits()) -> [String] {
    var parser = RequestParser(limits: limits)
    var said: [String] = []
    for slice in slices {
        slice.withUnsafeBytes { parser.append($0) }
        loop: while true {
            switch parser.next() {
            case .incomplete: break loop
            case .awaitsContinue: said.append("continue")
            case .refusal(let refusal): said.append("\(refusal.status)")
            case .request(let head, let body):
                said.append("\(head.method) \(head.path) \(String(decoding: body, as: UTF8.self))")
            }
        }
    }
    return said
}

private func parse(_ text: String, limits: Limits = Limits()) -> [String] {
    let bytes = Array(text.utf8)
    let whole = parse([bytes], limits: limits)
    for slices in slicings(of: bytes) { #expect(parse(slices, limits: limits) == whole) }
    return whole
}

@Suite("RFC 9112 §2 to §5: requests") struct RequestTests {
    @Test func `requests come one after the other, with and without bodies`() {
        let text = """
            GET /a HTTP/1.1\r\nHost: x\r\n\r\n\
            POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
            HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n
            """
        #expect(parse(text) == ["GET /a ", "POST /b hello", "HEAD /c "])
    }

    @Test func `a connection that waits for its next request holds no memory`() {
        var parser = RequestParser(limits: Limits())
        let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n" + String(repeating: "x", count: 9999)
        Array(text.utf8).withUnsafeBytes { parser.append($0) }
        guard case .request = parser.next() else {
            Issue.record("not read")
            return
        }
        #expect(parser.heldBytes == 0)
    }

    @Test func `one empty line before a request is forgiven, two are not`() {
        #expect(parse("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == ["GET / "])
        #expect(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == ["400"])
    }

    @Test(arguments: [
        ("GET /p%20q/%C3%A9?a=1&b=x%26y+z&c HTTP/1.1", "/p q/é", ["a=1", "b=x&y z", "c="]),
        ("GET http://host:80/abs?x=1 HTTP/1.1", "/abs", ["x=1"]), ("GET http://host HTTP/1.1", "/", []),
        ("GET HTTP://host?x=1 HTTP/1.1", "/", ["x=1"]), ("OPTIONS * HTTP/1.1", "*", []),
    ]) func `a target is split and decoded`(line: String, path: String, query: [String]) throws {
        let head = try RequestHead(line: Array(line.utf8)[...])
        #expect(head.path == path)
        #expect(head.query.map { "\($0.name)=\($0.value)" } == query)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1 ", 400), ("GET  / HTTP/1.1", 400), ("GET /", 400), ("G@T / HTTP/1.1", 400),
        (" GET / HTTP/1.1", 400), ("GET /a b HTTP/1.1", 400), ("GET /\u{e9} HTTP/1.1", 400), ("GET / http/1.1", 400),
        ("GET / HTTP/1.1x", 400), ("GET / HTTP/2.0", 505), ("GET / HTTP/0.9", 505), ("GET / HTTP/1.2", 505),
        ("GET a HTTP/1.1", 400), ("GET * HTTP/1.1", 400), ("CONNECT h:1 HTTP/1.1", 400), ("GET /#f HTTP/1.1", 400),
        ("GET /% HTTP/1.1", 400), ("GET /%zz HTTP/1.1", 400), ("GET /%00 HTTP/1.1", 400), ("GET /%ff HTTP/1.1", 400),
        ("GET /?a=%f HTTP/1.1", 400), ("GET /a%2fb HTTP/1.1", 400), ("GET /a%2Fb HTTP/1.1", 400),
        ("GET /\t HTTP/1.1", 400),
    ]) func `a malformed request line is refused`(line: String, status: Int) {
        #expect(parse("\(line)\r\nHost: x\r\n\r\n") == ["\(status)"])
    }

    @Test(arguments: [
        ("", 400), ("Host: a\r\nHost: a\r\n", 400), ("Host: a b\r\n", 400), ("Host: a/b\r\n", 400),
        ("Host: a, b\r\n", 400),
    ]) func `the host is given once and holds nothing odd`(fields: String, status: Int) {
        #expect(parse("GET / HTTP/1.1\r\n\(fields)\r\n") == ["\(status)"])
    }

    @Test func `the old version may leave the host out, and its connection never stays`() throws {
        #expect(parse("GET / HTTP/1.0\r\n\r\n") == ["GET / "])
        var head = try RequestHead(line: Array("GET / HTTP/1.0".utf8)[...])
        head.headers = Headers([("Connection", "keep-alive")])
        #expect(!head.keepsAlive)
    }

    @Test func `close in the connection field ends keep-alive`() throws {
        var head = try RequestHead(line: Array("GET / HTTP/1.1".utf8)[...])
        #expect(head.keepsAlive)
        head.headers = Headers([("connection", "Upgrade, CLOSE")])
        #expect(!head.keepsAlive)
    }
}

@Suite("RFC 9112 §11.2: request smuggling") struct SmugglingTests {
    @Test(arguments: [
        // Two lengths, equal or not, in two fields or one.
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400), ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        ("Content-Length: 5, 5\r\n", 400),
        // What is not a number to everybody.
        ("Content-Length: +5\r\n", 400), ("Content-Length: -1\r\n", 400), ("Content-Length: 0x5\r\n", 400),
        ("Content-Length: 5 5\r\n", 400), ("Content-Length: \r\n", 400), ("Content-Length: 5;a\r\n", 400),
        ("Content-Length: ５\r\n", 400), ("Content-Length: 99999999999999999999\r\n", 413),
        // Transfer codings.
        ("Transfer-Encoding: chunked\r\n", 501), ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: identity\r\n", 501), ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", 400),
        ("Transfer-Encoding : chunked\r\n", 400), ("Transfer-Encoding\t: chunked\r\n", 400),
        // Lines that end or go on in a way others may not see.
        ("A: b\n", 400), ("A: b\r\r\n", 400), ("A: b\rc\r\n", 400), ("A: b\r\n c\r\n", 400), ("A: b\r\n\tc\r\n", 400),
        (" A: b\r\n", 400),
        // Names and values.
        ("A b: c\r\n", 400), (": c\r\n", 400), ("A\r\n", 400), ("A(: c\r\n", 400), ("A: b\u{0}c\r\n", 400),
        ("A: b\u{7f}\r\n", 400), ("A: b\u{1}\r\n", 400), ("Ä: b\r\n", 400),
    ]) func `what two readers could read differently is refused`(fields: String, status: Int) {
        #expect(parse("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\nhello") == ["\(status)"])
    }

    @Test func `a transfer coding in the old version is refused`() {
        #expect(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == ["400"])
    }

    @Test func `nothing is read after a refusal`() {
        let text = "GET / HTTP/1.1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        #expect(parse(text) == ["400"])
    }

    @Test func `values may hold tabs, spaces and bytes above ASCII`() throws {
        var parser = RequestParser(limits: Limits())
        Array("GET / HTTP/1.1\r\nHost:x\r\nA: \t b\tc d é \t\r\n\r\n".utf8).withUnsafeBytes { parser.append($0) }
        guard case .request(let head, _) = parser.next() else {
            Issue.record("not read")
            return
        }
        #expect(head.headers["a"] == "b\tc d é")
        #expect(head.headers["host"] == "x")
    }
}

@Suite("Limits of a request") struct RequestLimitTests {
    private var limits: Limits {
        var limits = Limits()
        limits.maxRequestLineBytes = 40
        limits.maxHeaderBytes = 60
        limits.maxHeaderFields = 3
        limits.maxBodyBytes = 10
        return limits
    }

    @Test func `a request line that is too long is refused, also before it ends`() {
        let long = "GET /" + String(repeating: "a", count: 40)
        #expect(parse(long, limits: limits) == ["414"])
        #expect(parse(long + " HTTP/1.1\r\n", limits: limits) == ["414"])
    }

    @Test func `headers that are too many or too long are refused`() {
        let line = "GET / HTTP/1.1\r\n"
        #expect(parse(line + "Host: x\r\nA: \(String(repeating: "b", count: 60))", limits: limits) == ["431"])
        #expect(parse(line + "Host: x\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits: limits) == ["431"])
        #expect(parse(line + "Host: x\r\nA: 1\r\nB: 2\r\n\r\n", limits: limits) == ["GET / "])
    }

    @Test func `a body that is too long is refused before it comes`() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:"
        #expect(parse(head + "11\r\n\r\n", limits: limits) == ["413"])
        #expect(parse(head + "10\r\n\r\n0123456789", limits: limits) == ["POST / 0123456789"])
    }

    @Test func `a client that asks before sending its body is told to go on`() {
        let head = Array("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n".utf8)
        #expect(parse([head, Array("ok".utf8)]) == ["continue", "POST / ok"])
        #expect(parse([head + Array("ok".utf8)]) == ["POST / ok"])
        let other = Array("POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n".utf8)
        #expect(parse([other]) == ["417"])
    }

    @Test func `a line that is too long and ends wrong is too long, however it is sliced`() {
        var limits = Limits()
        limits.maxRequestLineBytes = 16
        let line = Array("GET /0123456789 HTTP/1.1\n".utf8)
        #expect(parse([line], limits: limits) == ["414"])
        #expect(parse(line.map { [$0] }, limits: limits) == ["414"])
    }

    @Test func `what else is expected is refused, whether or not the body has come`() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n"
        #expect(parse(head + "Content-Length: 2\r\n\r\nok") == ["417"])
        #expect(parse(head + "\r\n") == ["417"])
    }
}

@Suite("RFC 9112 §4: responses") struct ResponseTests {
    private func head(_ response: Response, keepsAlive: Bool = true) -> String {
        String(decoding: response.encodedHead(keepsAlive: keepsAlive, date: "now"), as: UTF8.self)
    }

    @Test func `length, date and connection are added`() {
        let response = Response(status: 200, headers: [("ETag", "\"1\"")], body: [1, 2, 3])
        let text = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nDate: now\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"
        #expect(head(response) == text)
        #expect(head(response, keepsAlive: false).hasSuffix("Connection: close\r\n\r\n"))
    }

    @Test(arguments: [204, 304]) func `a response without a body has no length`(status: Int) {
        #expect(!head(Response(status: status)).contains("Content-Length"))
    }

    @Test func `a value cannot start another field`() {
        let text = head(Response(status: 302, headers: [("Location", "/a\r\nSet-Cookie: b")]))
        #expect(text.contains("Location: /aSet-Cookie: b\r\n"))
    }
}
