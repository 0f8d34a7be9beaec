import Testing

@Suite("Operations: settings are read") struct SettingTests {
    /// Its range leaves one value, so there is nothing to read yet.
    private static let fixed = ["server.loops"]

    @Test func `every setting is read by something outside the configuration`() throws {
        let keys = try #require(ProjectFile.named("Sources/GameServer/Configuration/ConfigurationKeys.swift"))
        let readers = ProjectFile.swift(under: "Sources").filter { !$0.path.contains("/Configuration/") }.map(\.text)
        let properties = keys.text.matches(of: /\\\.(\w+)\.(\w+)/)
        #expect(properties.count > 40)
        for property in properties where !Self.fixed.contains("\(property.1).\(property.2)") {
            // A part of the server that is handed its own section calls it `configuration`.
            let forms = ["\(property.1).\(property.2)", "configuration.\(property.2)"]
            let isRead = readers.contains { text in forms.contains { text.contains($0) } }
            #expect(isRead, "\(property.1).\(property.2)")
        }
    }
}
