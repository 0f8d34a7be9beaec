import Testing

@testable import GameServer

@Suite("Settings: what a restart would find") struct ConfigurationDriftTests {
    private func problems(_ variables: [String: String]) -> [String] {
        ConfigurationDrift(running: Configuration()) { () throws(ConfigurationError) in
            try ConfigurationLoader(environment: variables).configuration
        }.problems
    }

    @Test func `the same sources say nothing`() {
        #expect(problems([:]) == [])
    }

    @Test func `a key that was changed is named, a secret without its value`() {
        let found = problems(["GAMESERVER_LIMITS_RATE_PER_S": "7", "GAMESERVER_ADMIN_TOKEN": "a-token-that-is-secret"])
        #expect(Set(found) == ["a restart would change limits.rate_per_s", "a restart would change admin.token"])
    }

    @Test func `sources that cannot be read any more are told with their reason`() throws {
        let found = problems(["GAMESERVER_LIMITS_RATE_PER_S": "many"])
        #expect(found.count == 1)
        let sentence = try #require(found.first)
        #expect(sentence.hasPrefix("a restart would fail: ") && sentence.contains("limits.rate_per_s"))
    }
}
