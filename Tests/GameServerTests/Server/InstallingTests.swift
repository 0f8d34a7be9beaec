@testable import GameServer
import PluginAPI
import Testing

@Suite("PLUGINS.md: installing it") struct InstallingTests {
    private struct Probe: HealthProbe {
        let id: String
        func measure() throws -> ProbeReading { .healthy() }
    }

    @Test func `probes have sound ids, each once`() {
        #expect(Server.fault(of: []) == nil)
        #expect(Server.fault(of: [Probe(id: "word-list"), Probe(id: "other-list")]) == nil)
        #expect(Server.fault(of: [Probe(id: "word list")])?.contains("`word list`") == true)
        #expect(Server.fault(of: [Probe(id: "list"), Probe(id: "list")]) == "two probes are called `list`")
    }

    @Test func `what cannot be installed is said in one sentence`() {
        let fault = "nim: `moves`: a counter ends in `_total`"
        #expect("\(StartError.plugin(fault))" == "a plugin cannot be installed: \(fault)")
    }
}
