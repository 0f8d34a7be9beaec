import Synchronization

/// The newest lines as JSON, for looking at without reading a file. The writer adds, anybody reads.
final class LogMemory: Sendable {
    private struct Lines {
        var lines: [[UInt8]] = []
        /// The lines before it are gone.
        var first = 0
        var bytes = 0
    }

    /// Most lines kept; 0 keeps none.
    let capacity: Int
    /// Most bytes of all lines kept.
    static let maxBytes = 16 * 1024 * 1024

    private let kept = Mutex(Lines())

    init(capacity: Int) { self.capacity = capacity }

    /// - Parameter lines: with their line feeds.
    func append(_ lines: [[UInt8]]) {
        guard capacity > 0 else { return }
        kept.withLock { kept in
            for line in lines {
                kept.lines.append(line)
                kept.bytes += line.count
            }
            while kept.lines.count - kept.first > capacity || kept.bytes > Self.maxBytes {
                kept.bytes -= kept.lines[kept.first].count
                kept.lines[kept.first] = []
                kept.first += 1
            }
            guard kept.first > capacity else { return }
            kept.lines.removeFirst(kept.first)
            kept.first = 0
        }
    }

    /// All of them, oldest first.
    var lines: ArraySlice<[UInt8]> {
        // The lock is held for a copy of references, not of lines.
        kept.withLock { $0.lines[$0.first...] }
    }
}
