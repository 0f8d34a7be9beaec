import Foundation

/// How many event loops a server runs.
public enum LoopCount {
    /// Most loops: as many as metrics tell apart.
    static let most = 64

    /// As many as are configured; for 0 one for each core of this machine.
    public static func of(_ server: Configuration.Server) -> Int {
        server.loops > 0 ? server.loops : max(1, min(most, ProcessInfo.processInfo.activeProcessorCount))
    }
}
