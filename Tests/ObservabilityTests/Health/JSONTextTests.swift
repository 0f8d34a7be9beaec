import Foundation
import Testing

@testable import Observability

@Suite("JSON text") struct JSONTextTests {
    @Test func `members, elements and nesting get their commas`() {
        var json = JSONText()
        json.open("{")
        json.member("a", 1)
        json.array("b") { json in
            json.element(1.5)
            json.element("x")
            json.open("{")
            json.close("}")
            json.open("[")
            json.close("]")
        }
        json.object("c") { $0.member("d", true) }
        json.member("e", String?.none)
        json.close("}")
        #expect(json.text == #"{"a":1,"b":[1.5,"x",{},[]],"c":{"d":true},"e":null}"#)
    }

    @Test func `what people and plugins write cannot leave its string`() throws {
        let hostile = "\"}],\\ \n\r\t\u{0}\u{1F}\u{7F} é 🎲 \u{2028}</script>"
        var json = JSONText()
        json.open("{")
        json.member(hostile, hostile)
        json.close("}")
        let parsed = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: String]
        #expect(parsed == [hostile: hostile])
        #expect(!json.bytes.contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `a number JSON has no word for is null`(value: Double) {
        var json = JSONText()
        json.element(value)
        #expect(json.text == "null")
    }

    @Test(arguments: [(0.0, "0"), (-3.0, "-3"), (0.1, "0.1"), (1e300, "1e+300"), (1_735_234_567.89, "1735234567.89")])
    func `a whole number has no fraction`(value: Double, text: String) {
        var json = JSONText()
        json.element(value)
        #expect(json.text == text)
    }
}
