import Observability

/// A number for a recovery procedure that is none.
public struct RecoveryOverrideError: Error, Equatable, CustomStringConvertible {
    /// The entry as it was written.
    public let entry: String
    public let objection: String

    public var description: String { "recovery.overrides holds \"\(entry)\": \(objection)" }
}

extension RecoverySettings {
    /// The procedures with the numbers set for them.
    ///
    /// - Throws: `RecoveryOverrideError` for the first entry that sets nothing, and for ones that do not go together.
    init(_ configuration: Configuration.Recovery) throws(RecoveryOverrideError) {
        self.init()
        isActive = configuration.isEnabled
        for entry in configuration.overrides.split(separator: ",") {
            let text = String(entry.filter { $0 != " " })
            let sides = text.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let value = Double(sides[1]), let point = sides[0].firstIndex(of: ".") else {
                throw RecoveryOverrideError(entry: text, objection: "it is written procedure.name=number")
            }
            let name = String(sides[0][sides[0].index(after: point)...])
            do throws(RecoverySettingsError) {
                try set(String(sides[0][..<point]), name, to: value)
            } catch {
                throw RecoveryOverrideError(entry: text, objection: "\(error)")
            }
        }
        do throws(RecoverySettingsError) {
            try validate()
        } catch {
            throw RecoveryOverrideError(entry: configuration.overrides, objection: "\(error)")
        }
    }
}
