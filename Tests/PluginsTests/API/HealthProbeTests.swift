import PluginAPI
import Testing

@Suite("PLUGINS.md: health of your own") struct HealthProbeTests {
    struct WordList: HealthProbe {
        var id = "word-list"
        var interval = Duration.seconds(10)
        var timeout = Duration.seconds(5)
        var words = 100

        struct Missing: Error {}

        func measure() throws -> ProbeReading {
            if words == 0 { throw Missing() }
            let measurements = [ProbeReading.Measurement("words", Double(words), unit: "words")]
            return words < 10 ? .warning("\(words) words are left", measurements) : .healthy("fine", measurements)
        }
    }

    @Test func `a probe says what it saw with its numbers, or throws`() throws {
        #expect(try WordList().measure() == .healthy("fine", [.init("words", 100, unit: "words")]))
        #expect(try WordList(words: 3).measure().level == .warning)
        #expect(throws: WordList.Missing.self) { try WordList(words: 0).measure() }
        #expect(!WordList().isCritical)
    }

    @Test func `a reading keeps a bounded number of measurements`() {
        let many = (0..<50).map { ProbeReading.Measurement("m\($0)", 1, unit: "ratio") }
        #expect(ProbeReading.critical("much", many).measurements.count == ProbeReading.maxMeasurements)
    }

    @Test func `what a probe says of itself is checked`() {
        #expect(WordList().fault == nil)
        for id in ["", "Word", "word list", "-word", "word\"", String(repeating: "a", count: 65)] {
            #expect(WordList(id: id).fault != nil)
        }
        #expect(WordList(interval: .milliseconds(1)).fault != nil)
        #expect(WordList(interval: .seconds(7200)).fault != nil)
        #expect(WordList(timeout: .zero).fault != nil)
        #expect(WordList(timeout: .seconds(600)).fault != nil)
    }
}
