/// The closed set of values one label may take. Never a room, a player, a connection or an address.
public protocol MetricLabel: RawRepresentable<Int>, CaseIterable, Sendable {
    static var labelName: String { get }
    /// As exposed; the case's name in snake_case unless the type says otherwise.
    var labelValue: String { get }
}

extension MetricLabel {
    public var labelValue: String {
        var value = ""
        for character in String(describing: self) {
            if character.isUppercase { value += "_" }
            value += character.lowercased()
        }
        return value
    }
}

/// The one value of a metric without labels.
public enum Unlabelled: Int, MetricLabel {
    case only
    public static var labelName: String { "" }
}
