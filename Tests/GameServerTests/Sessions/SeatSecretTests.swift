@testable import GameServer
import PluginAPI
import Testing

@Suite("Secrets") struct SeatSecretTests {
    @Test func `22 to 64 base64url characters are taken`() {
        for count in [22, 43, 64] { #expect(SeatSecret(String(repeating: "a", count: count)) != nil) }
        for count in [0, 21, 65] { #expect(SeatSecret(String(repeating: "a", count: count)) == nil) }
        #expect(SeatSecret("abcdefghijklmnopqr-_XYZ019") != nil)
        for odd in ["+", "/", "=", " ", "é", "\0"] {
            #expect(SeatSecret(String(repeating: "a", count: 30) + odd) == nil)
        }
    }

    @Test func `one the server makes can be told again, and no two are the same`() {
        var random = GameRandom(seed: 3)
        let secrets = (0..<100).map { _ in SeatSecret(using: &random) }
        #expect(Set(secrets.map(\.text)).count == 100)
        for secret in secrets { #expect(SeatSecret(secret.text)?.digest.matches(secret.digest) == true) }
        #expect(!secrets[0].digest.matches(secrets[1].digest))
    }
}
