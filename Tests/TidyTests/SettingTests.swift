import Testing

@Suite("Operations: settings are read") struct SettingTests {
    @Test func `every setting is read by something outside the configuration`() throws {
        let keys = try #require(ProjectFile.named("Sources/GameServer/Configuration/ConfigurationKeys.swift"))
        let readers = ProjectFile.swift(under: "Sources").filter { !$0.path.contains("/Configuration/") }.map(\.text)
        let properties = keys.text.matches(of: /\\\.(\w+)\.(\w+)/)
        #expect(properties.count > 40)
        for property in properties {
            // A part of the server that is handed its own section calls it `configuration`.
            let forms = ["\(property.1).\(property.2)", "configuration.\(property.2)"]
            let isRead = readers.contains { text in forms.contains { text.contains($0) } }
            #expect(isRead, "\(property.1).\(property.2)")
        }
    }
}
