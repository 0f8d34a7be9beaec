/// The version of the server, as `welcome`, `gameserver version` and the metrics say it.
public enum Version {
    public static let current = "0.1.0"
}
