import Testing

@testable import WebSocket

private func extensions(_ values: String...) -> ExtensionList? {
    ExtensionList(in: Headers(values.map { (ExtensionList.header, $0) }))
}

private func item(_ value: String) throws -> ExtensionList.Item {
    try #require(extensions(value)?.items.first)
}

@Suite("RFC 6455 §9.1: naming extensions") struct ExtensionListTests {
    @Test func `names and parameters come in order, over several fields`() throws {
        let list = try #require(extensions("a; b; c=1 , d", " e;f=\"g\"\t"))
        #expect(
            list.items == [
                .init(name: "a", parameters: [.init(name: "b"), .init(name: "c", value: "1")]), .init(name: "d"),
                .init(name: "e", parameters: [.init(name: "f", value: "g")]),
            ])
    }

    @Test func `no field names nothing`() throws {
        #expect(ExtensionList(in: Headers())?.items == [])
    }

    @Test func `what stands in quotes is a token once its backslashes are off`() throws {
        #expect(try item(#"a; b="1\5""#).parameters == [.init(name: "b", value: "15")])
    }

    @Test func `empty elements of a list count for nothing`() throws {
        #expect(extensions(", a,,b ,")?.items.map(\.name) == ["a", "b"])
    }

    @Test(
        arguments: [
            "", ",", "a b", "a;", "a; =1", "a; b=", "a; b=\"\"", "a; b=\"1", "a; b=\"1 2\"", "a; b=\"1\\",
            "a; b=\"1\"2", "a/b", "\"a\"", "a; b==1",
        ])
    func `a malformed field is no list`(value: String) {
        #expect(extensions(value) == nil)
    }

    @Test func `a handshake with a malformed field is refused`() throws {
        var head = try RequestHead(line: Array("GET / HTTP/1.1".utf8)[...])
        head.headers = Headers([
            ("Host", "x"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
            (ExtensionList.header, "permessage-deflate; b=\"1"),
        ])
        guard case .refuse(let refusal) = Handshake.check(Request(head, body: [], peer: "test")) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.status == 400)
    }
}

@Suite("RFC 7692 §5 and §7.1: negotiation, the server's side") struct ServerNegotiationTests {
    private static let generous: CompressionPolicy = {
        var policy = CompressionPolicy()
        policy.keepsContext = true
        policy.peerKeepsContext = true
        return policy
    }()

    /// The answer, or nil when no offer is taken.
    private func answer(_ offers: String, _ policy: CompressionPolicy = generous) throws -> String? {
        let list = try #require(extensions(offers))
        guard let offer = CompressionPolicy.offer(in: list) else { return nil }
        return policy.agree(to: offer).answer(to: offer)
    }

    @Test(
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; client_max_window_bits=\"8\"", "permessage-deflate; client_max_window_bits=8"),
            ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            (
                "permessage-deflate; client_max_window_bits; server_max_window_bits=9; client_no_context_takeover",
                "permessage-deflate; client_no_context_takeover; server_max_window_bits=9"
            ),
        ])
    func `each parameter is answered`(offer: String, expected: String) throws {
        #expect(try answer(offer) == expected)
    }

    @Test(
        arguments: [
            "server_no_context_takeover=1", "client_no_context_takeover=\"x\"", "server_max_window_bits",
            "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=08",
            "server_max_window_bits=+9", "server_max_window_bits=x", "client_max_window_bits=7",
            "client_max_window_bits=16", "client_max_window_bits=010", "window_bits=10",
            "client_max_window_bits; client_max_window_bits", "server_max_window_bits=9; server_max_window_bits=9",
        ])
    func `an offer with an unknown, repeated or invalid parameter is declined`(parameters: String) throws {
        #expect(try answer("permessage-deflate; " + parameters) == nil)
        // The next that is valid is taken.
        #expect(try answer("permessage-deflate; \(parameters), permessage-deflate") == "permessage-deflate")
    }

    @Test func `other extensions are passed over, and the first valid offer is taken`() throws {
        #expect(try answer("x-webkit-deflate-frame") == nil)
        let offers = "x-a; b, permessage-deflate; server_max_window_bits=12, permessage-deflate"
        #expect(try answer(offers) == "permessage-deflate; server_max_window_bits=12")
    }

    @Test func `a server that keeps no context says so, asked or not`() throws {
        let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(try answer("permessage-deflate", CompressionPolicy()) == both)
    }

    @Test func `a server's own windows are said where they may be`() throws {
        var policy = Self.generous
        policy.windowBits = 11
        policy.peerWindowBits = 12
        #expect(
            try answer("permessage-deflate; client_max_window_bits", policy)
                == "permessage-deflate; server_max_window_bits=11; client_max_window_bits=12")
        #expect(
            try answer("permessage-deflate; client_max_window_bits=9; server_max_window_bits=10", policy)
                == "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9")
    }

    @Test func `a client that cannot be told its window keeps no context where windows are small`() throws {
        var policy = Self.generous
        policy.peerWindowBits = 12
        #expect(try answer("permessage-deflate", policy) == "permessage-deflate; client_no_context_takeover")
    }

    @Test func `above the ceiling for contexts a connection is agreed none`() throws {
        let pool = DeflatePool()
        let offer = DeflateOffer()
        let parameters = pool.agree(to: offer, Self.generous)
        #expect(parameters.server.keepsContext && parameters.client.keepsContext)
        var policy = Self.generous
        policy.maxContextBytes = policy.contextBytes(of: parameters, role: .server) * 2
        var connections = (0..<2).map { _ in pool.deflate(pool.agree(to: offer, policy), policy, role: .server) }
        #expect(pool.promisedBytes == policy.maxContextBytes)
        #expect(!pool.agree(to: offer, policy).keepsContext)
        connections.removeLast()
        #expect(pool.agree(to: offer, policy).keepsContext)
        connections.removeLast()
        #expect(pool.promisedBytes == 0)
    }
}

@Suite("RFC 7692 §5 and §7.1: negotiation, the client's side") struct ClientNegotiationTests {
    private func policy(_ change: (inout CompressionPolicy) -> Void) -> CompressionPolicy {
        var policy = CompressionPolicy()
        policy.keepsContext = true
        policy.peerKeepsContext = true
        change(&policy)
        return policy
    }

    @Test func `the offer says what the client wants`() {
        #expect(policy { _ in }.offer == "permessage-deflate; client_max_window_bits")
        let frugal = policy {
            $0.keepsContext = false
            $0.peerKeepsContext = false
            $0.windowBits = 10
            $0.peerWindowBits = 9
        }
        #expect(
            frugal.offer
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "server_max_window_bits=9; client_max_window_bits=10")
    }

    @Test func `a server takes every offer of ours, and we every answer of its`() throws {
        for change in [
            { (_: inout CompressionPolicy) in }, { $0.keepsContext = false }, { $0.peerKeepsContext = false },
            { $0.windowBits = 9 }, { $0.peerWindowBits = 8 },
        ] as [(inout CompressionPolicy) -> Void] {
            let client = policy(change)
            let offer = try #require(extensions(client.offer).flatMap { CompressionPolicy.offer(in: $0) })
            let agreed = policy { _ in }.agree(to: offer)
            let answer = try item(agreed.answer(to: offer))
            let answered = try #require(client.agreed(by: answer))
            #expect(answered.server == agreed.server)
            #expect(answered.client.keepsContext == agreed.client.keepsContext)
            #expect(answered.client.windowBits <= agreed.client.windowBits)
        }
    }

    @Test(
        arguments: [
            "permessage-deflate; client_max_window_bits", "permessage-deflate; unknown",
            "permessage-deflate; server_max_window_bits=7", "x-other", "permessage-deflate; client_max_window_bits=13",
            "permessage-deflate; server_max_window_bits=15",
        ])
    func `an answer that does not keep to the offer fails the connection`(answer: String) throws {
        let client = policy {
            $0.windowBits = 12
            $0.peerWindowBits = 14
        }
        #expect(client.agreed(by: try item(answer)) == nil)
    }

    @Test func `what was asked for has to be granted`() throws {
        let frugal = policy { $0.peerKeepsContext = false }
        #expect(frugal.agreed(by: try item("permessage-deflate")) == nil)
        #expect(frugal.agreed(by: try item("permessage-deflate; server_no_context_takeover")) != nil)
        let small = policy { $0.peerWindowBits = 10 }
        #expect(small.agreed(by: try item("permessage-deflate")) == nil)
        #expect(small.agreed(by: try item("permessage-deflate; server_max_window_bits=9"))?.server.windowBits == 9)
    }

    @Test func `a server may take the client's context away unasked`() throws {
        let agreed = policy { _ in }.agreed(by: try item("permessage-deflate; client_no_context_takeover"))
        #expect(agreed?.client.keepsContext == false)
    }
}
