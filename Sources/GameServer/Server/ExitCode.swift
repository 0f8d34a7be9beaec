/// What the process ends with.
public enum ExitCode {
    public static let fine: Int32 = 0
    public static let failed: Int32 = 1
    public static let usage: Int32 = 2
}
