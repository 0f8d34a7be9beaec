import PluginAPI

/// What a returning client is given: nothing, exactly what it missed, or the whole view. Never a guess.
///
/// - Source: docs/PROTOCOL.md, "Resume".
enum ResumeVerdict: String, Sendable {
    case new, live, replayed, snapshot
}

/// The last events of a room as every viewer saw them when they happened.
struct Resync {
    struct Kept {
        let event: RenderedEvent
        let at: Timestamp
    }

    /// Most events kept; who missed more gets a snapshot.
    let retentionEvents: Int
    private var kept: [Kept] = []

    init(retentionEvents: Int) { self.retentionEvents = retentionEvents }

    mutating func append(_ events: [RenderedEvent], at: Timestamp) {
        kept.append(contentsOf: events.map { Kept(event: $0, at: at) })
        // Trimmed a quarter at a time, so that not every event moves all the others.
        if kept.count > retentionEvents + retentionEvents / 4 { kept.removeFirst(kept.count - retentionEvents) }
    }

    /// Events kept that are not older than `instant`.
    func count(since instant: Timestamp) -> Int { kept.reversed().prefix { $0.at >= instant }.count }

    /// Events after `sequence`, oldest first; nil when the gap is wider than retention or lies outside history.
    func missed(after sequence: Int, head: Int) -> ArraySlice<Kept>? {
        guard (0...head).contains(sequence) else { return nil }
        let count = head - sequence
        guard count <= retentionEvents, count <= kept.count else { return nil }
        return kept.suffix(count)
    }
}
