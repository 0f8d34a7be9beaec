import Foundation
import GameServer

/// The user's own browser.
enum Browser {
    /// Opens a page, or says why not; the server runs either way.
    static func open(_ address: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["xdg-open", address]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { ended in
            if ended.terminationStatus != 0 { Console.complain("gameserver: no browser could be opened on \(address)") }
        }
        do { try process.run() } catch {
            Console.complain("gameserver: no browser could be opened on \(address)")
        }
    }
}
