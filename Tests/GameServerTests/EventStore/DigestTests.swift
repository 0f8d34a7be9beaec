import Testing

@testable import GameServer

@Suite("Digests") struct DigestTests {
    @Test func `every byte is two lower-case digits`() {
        let bytes = (0...255).map { UInt8($0) }
        let digits = bytes.hexadecimal
        #expect(digits.count == 512)
        #expect(digits.hasPrefix("000102") && digits.contains("090a0b0c0d0e0f10") && digits.hasSuffix("fdfeff"))
        #expect([UInt8]().hexadecimal == "")
    }

    @Test func `a digest is read back from its digits`() throws {
        let digest = Digest(of: Array("a room".utf8))
        #expect(try #require(Digest(hexadecimal: digest.description)) == digest)
        #expect(Digest(hexadecimal: String(repeating: "g", count: 64)) == nil)
    }
}
