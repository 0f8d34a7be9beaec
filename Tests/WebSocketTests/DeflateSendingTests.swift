import Synchronization
import TestSupport
import Testing

@testable import WebSocket

/// Reads what a server sent, as a client that was told the same parameters.
private func read(
    _ messages: [[UInt8]], _ parameters: DeflateParameters, limit: Int = 1 << 20
) -> [[UInt8]?] {
    let client = agreed(parameters, role: .client)
    return messages.map { message in
        message.withUnsafeBytes { client.inflate($0, limit: limit) } == nil ? Array(client.inflated) : nil
    }
}

@Suite("RFC 7692 §7.2.1: compression") struct DeflateSendingTests {
    private var policy: CompressionPolicy {
        var policy = CompressionPolicy()
        policy.minBytes = 100
        policy.keepsContext = true
        return policy
    }

    /// What the extension makes of a message; nil when it goes as it is.
    private func sent(_ message: [UInt8], _ deflate: PermessageDeflate) -> [UInt8]? {
        message.withUnsafeBytes { deflate.deflate($0).map { Array($0) } }
    }

    @Test(arguments: 8...15, [1, 6, 9])
    func `a receiver with exactly the window agreed can read it, with and without context`(bits: Int, level: Int) {
        var policy = policy
        policy.level = level
        let messages = (1...30).map { prose($0 * 211, seed: UInt64($0)) }
        for keepsContext in [true, false] {
            let parameters = DeflateParameters(server: .init(keepsContext: keepsContext, windowBits: bits))
            let server = agreed(parameters, policy: policy)
            let onTheWire = messages.compactMap { sent($0, server) }
            #expect(onTheWire.count == messages.count)
            #expect(read(onTheWire, parameters) == messages)
        }
    }

    @Test func `with context a repeated message costs next to nothing, without it as much again`() throws {
        let message = Array(noise(5000).map { $0 & 0x0F })
        let keeping = agreed(policy: policy)
        let first = try #require(sent(message, keeping))
        #expect(try #require(sent(message, keeping)).count < first.count / 5)
        let forgetting = agreed(withoutContexts, policy: policy)
        let once = try #require(sent(message, forgetting))
        #expect(sent(message, forgetting) == once)
    }

    @Test func `the end that a receiver puts back is taken off`() throws {
        var policy = policy
        policy.minBytes = 1
        let deflate = agreed(policy: policy)
        // §7.2.3.1 and §7.2.3.2, byte by byte.
        #expect(sent(Array("Hello".utf8), deflate) == [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
        #expect(sent(Array("Hello".utf8), deflate) == [0xF2, 0x00, 0x11, 0x00, 0x00])
    }

    @Test func `what is short goes as it is, and what would not get shorter`() {
        let deflate = agreed(withoutContexts, policy: policy)
        #expect(sent(prose(99), deflate) == nil)
        #expect(sent(prose(100), deflate) != nil)
        #expect(sent(noise(200), deflate) == nil)
        // Nothing is left over from it.
        #expect(sent(prose(100), deflate).map { read([$0], withoutContexts) } == [prose(100)])
    }

    @Test func `an empty message is never compressed`() {
        var policy = policy
        policy.minBytes = 0
        for parameters in [DeflateParameters(), withoutContexts] {
            #expect(sent([], agreed(parameters, policy: policy)) == nil)
        }
    }

    @Test func `with context a message is compressed even if that makes it longer`() throws {
        let long = noise(70_000)
        let server = agreed(policy: policy)
        let messages = [try #require(sent(long, server)), try #require(sent(prose(500), server))]
        #expect(messages[0].count > long.count)
        #expect(read(messages, DeflateParameters()) == [long, prose(500)])
    }

    @Test func `connections that keep no context share one extension, which costs them nothing`() {
        let pool = DeflatePool()
        let extensions = (0..<100).map { _ in agreed(withoutContexts, policy: policy, pool: pool) }
        #expect(extensions.allSatisfy { $0 === extensions[0] })
        #expect(pool.memory.bytes == 0 && pool.promisedBytes == 0)
        pool.close()
    }

    @Test func `contexts are made at the first message and counted until the connection ends`() {
        let pool = DeflatePool()
        var deflate: PermessageDeflate? = agreed(policy: policy, pool: pool)
        #expect(pool.memory.bytes == 0)
        _ = sent(prose(500), deflate!)  // it was made just now
        deflate?.letGoOfDeflated()
        let held = pool.memory.bytes
        #expect(held > 1 << 15 && held <= pool.promisedBytes + ScratchBytes.keptBytes)
        deflate = nil
        #expect(pool.memory.bytes <= ScratchBytes.keptBytes)
    }
}

@Suite("A message for many, compressed") struct EncodedFormTests {
    private let policy: CompressionPolicy = {
        var policy = CompressionPolicy()
        policy.minBytes = 100
        return policy
    }()

    private func narrow(_ bits: Int) -> DeflateParameters {
        DeflateParameters(
            server: .init(keepsContext: false, windowBits: bits), client: .init(keepsContext: false))
    }

    @Test func `it is compressed once for all that agreed to the same`() {
        let pool = DeflatePool()
        let message = EncodedMessage(text: prose(2000))
        let wide = agreed(withoutContexts, policy: policy, pool: pool)
        let first = message.form(for: wide)
        for _ in 0..<100 { #expect(message.form(for: wide) === first) }
        #expect(pool.counters.deflations == 1)
        let small = message.form(for: agreed(narrow(9), policy: policy, pool: pool))
        #expect(small !== first)
        #expect(message.form(for: wide) === first)
        #expect(pool.counters.deflations == 2)
        #expect(first.bytes[0] == 0xC1)
        #expect(read([Array(first.payload)], withoutContexts) == [prose(2000)])
        #expect(read([Array(small.payload)], narrow(9)) == [prose(2000)])
        #expect(first.payloadBytes == 2000)
        pool.close()
    }

    @Test func `what does not get shorter is tried once and goes as it is`() {
        let pool = DeflatePool()
        let message = EncodedMessage(binary: noise(200).span.bytes)
        let deflate = agreed(withoutContexts, policy: policy, pool: pool)
        for _ in 0..<3 { #expect(message.form(for: deflate) === message) }
        #expect(pool.counters.deflations == 1)
        pool.close()
    }

    @Test func `a short one and one that may not be compressed go as they are`() {
        let pool = DeflatePool()
        let deflate = agreed(withoutContexts, policy: policy, pool: pool)
        for message in [EncodedMessage(text: prose(99)), EncodedMessage(text: prose(999), isCompressible: false)] {
            #expect(message.form(for: deflate) === message)
        }
        #expect(pool.counters.deflations == 0)
        pool.close()
    }

    @Test func `what may be taken back may be so compressed, too`() {
        let pool = DeflatePool()
        let message = EncodedMessage(text: prose(2000), isReplaceable: true)
        let form = message.form(for: agreed(withoutContexts, policy: policy, pool: pool))
        #expect(form !== message && form.isReplaceable)
        pool.close()
    }

    @Test func `loops that ask at the same time get the same`() {
        for _ in 0..<50 {
            let message = EncodedMessage(text: prose(3000))
            let forms = Mutex<[ObjectIdentifier]>([])
            let policy = policy
            let askers = (0..<4).map { index in
                Poster {
                    let pool = DeflatePool()
                    let parameters = DeflateParameters(
                        server: .init(keepsContext: false, windowBits: 12 + index % 2),
                        client: .init(keepsContext: false))
                    let form = message.form(for: pool.deflate(parameters, policy, role: .server))
                    forms.withLock { $0.append(ObjectIdentifier(form)) }
                    pool.close()
                }
            }
            for asker in askers { asker.join() }
            #expect(Set(forms.withLock { $0 }).count == 2)
        }
    }
}
