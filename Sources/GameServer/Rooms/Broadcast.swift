import PluginAPI
import WebSocket

/// One commit on its way to everybody in the room: rendered once per view, encoded once per distinct text.
struct Broadcast {
    /// A message several members share.
    final class Text {
        let events: [UInt8]?
        let status: [UInt8]?
        /// Whether a watcher is told the same: only then it may be compressed.
        let isPublic: Bool
        private(set) lazy var message = EncodedMessage(
            text: joinedLines([events, status].compactMap(\.self)), isReplaceable: true, isCompressible: isPublic)

        init(events: [UInt8]?, status: [UInt8]?, isPublic: Bool) {
            self.events = events
            self.status = status
            self.isPublic = isPublic
        }

        /// The answer stands behind the events it caused and before the room's new status.
        func lines(with answer: [UInt8]) -> [[UInt8]] { [events, answer, status].compactMap(\.self) }
    }

    private let room: RoomID
    private let events: [RenderedEvent]
    private let at: Timestamp
    private let status: [UInt8]?
    private var texts: [(view: Int, text: Text)] = []

    /// - Parameter status: the `room` line when it changed.
    init(room: RoomID, events: [RenderedEvent], at: Timestamp, status: [UInt8]?) {
        self.room = room
        self.events = events
        self.at = at
        self.status = status
    }

    /// What a viewer is sent; nil when nothing happened.
    ///
    /// - Parameter view: the viewer's place among `RoomState.viewers`.
    mutating func text(for view: Int) -> Text? {
        guard !events.isEmpty || status != nil else { return nil }
        if let known = texts.first(where: { looksTheSame($0.view, view) }) { return known.text }
        let line = events.last.map { last in
            ServerMessage.events(room, events.map { $0.views[view] }, last: last.sequence, at: at)
        }
        let text = Text(events: line, status: status, isPublic: looksTheSame(view, watcher))
        texts.append((view, text))
        return text
    }

    /// The last of `RoomState.viewers`.
    private var watcher: Int { (events.first?.views.count ?? 1) - 1 }

    private func looksTheSame(_ left: Int, _ right: Int) -> Bool {
        left == right || events.allSatisfy { $0.views[left] == $0.views[right] }
    }
}

/// One WebSocket message of several JSON objects.
func joinedLines(_ lines: [[UInt8]]) -> [UInt8] {
    guard lines.count > 1 else { return lines.first ?? [] }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
}
