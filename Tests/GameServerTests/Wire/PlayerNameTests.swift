@testable import GameServer
import Testing

@Suite("Framing: player names") struct PlayerNameTests {
    /// The input checks of the rule vectors that the protocol shares, and its own.
    @Test(
        arguments: [
            ("Ana", "Ana"), ("O'Neil", "O'Neil"), ("  Ana  ", "Ana"), ("\u{00A0}Änne Müller\u{3000}", "Änne Müller"),
            ("名前", "名前"), ("x", "x"), ("a b", "a b"), ("👩‍🦰", "👩‍🦰"), ("   ", nil), ("", nil), ("\u{200D} \u{200D}", nil),
            ("\u{3164}", nil), ("\u{2800}", nil), ("<b>", nil), ("a&b", nil),
            ("say \"hi\"", nil), ("a>b", nil), ("a\nb", nil), ("a\u{0}b", nil), ("a\u{7F}", nil), ("a\u{202E}b", nil),
            ("a\u{2028}b", nil),
            ("علی\u{200C}رضا", "علی\u{200C}رضا"), ("\u{200C}\u{200D}", nil), (" \u{200D} ", nil), ("a\u{200B}b", nil),
            ("\u{FEFF}a", nil), ("a\u{AD}b", nil),
        ] as [(String, String?)])
    func `a name is trimmed, and refused when it could disturb a page or a log`(given: String, kept: String?) {
        do {
            #expect(try PlayerName.checked(given, limit: 50) == kept)
        } catch {
            #expect(kept == nil)
            #expect(error.refusal.code == "bad_request")
        }
    }

    @Test func `a name has 1 to 50 Unicode scalars`() throws {
        #expect(try PlayerName.checked(String(repeating: "é", count: 50), limit: 50).unicodeScalars.count == 50)
        #expect(throws: Rejection.self) { try PlayerName.checked(String(repeating: "a", count: 51), limit: 50) }
        #expect(try PlayerName.checked("  " + String(repeating: "a", count: 50) + "  ", limit: 50).count == 50)
    }

    @Test func `names that look the same are alike`() {
        #expect(PlayerName.areAlike("Ana", "aNA"))
        #expect(PlayerName.areAlike("A\u{200D}", "A"))
        #expect(!PlayerName.areAlike("Ana", "Anna"))
    }
}
