/// What opens a seat again: known to its player only; the server keeps the digest.
///
/// - Source: docs/PROTOCOL.md, "Secrets".
struct SeatSecret: Sendable {
    let text: String
    let digest: Digest

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    static let lengths = 22...64

    /// - Returns: nil unless `text` is 22 to 64 base64url characters.
    init?(_ text: String) {
        guard Self.lengths.contains(text.utf8.count), text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        self.text = text
        digest = Digest(of: Array(text.utf8))
    }

    /// 192 random bits.
    init(using luck: inout some RandomNumberGenerator) {
        let characters = (0..<32).map { _ in Self.alphabet[Int(luck.next() & 63)] }
        text = String(decoding: characters, as: UTF8.self)
        digest = Digest(of: characters)
    }
}
