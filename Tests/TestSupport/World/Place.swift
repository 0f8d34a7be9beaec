#if DEBUG
@testable import GameServer
import PluginAPI

/// What a client knows of one room, kept without any help of the server: enough to come back, and to notice when
/// something is missing, repeated or contradicts what it was told before.
struct Place {
    let room: RoomID
    var seat: Seat?
    var secret: String?
    var epoch = ""
    /// Number of the last event applied.
    var seq = 0
    /// Number of the last command known to have counted.
    var lastN = 0
    /// The sequence number every `ok` carried.
    var oks: [Int: Int] = [:]
    var status: JSON = nil
    /// The room was closed, or this seat is somebody else's.
    var over: Int?
    /// `joined` announced a snapshot that must be the next thing about this room.
    private var awaitsSnapshot = false
    /// `joined` said that the events up to here follow.
    private var replayTo: Int?
    private var rev = 0
    /// The status behind a snapshot may be the one that is known.
    private var followsSnapshot = false

    init(_ room: RoomID) { self.room = room }

    var viewer: Viewer { seat.map { .seat($0) } ?? .watcher }
    var state: String { status["state"]?.string ?? "" }

    /// Takes a line about this room.
    ///
    /// - Returns: what is wrong with it.
    mutating func take(_ line: JSON) -> String? {
        defer { followsSnapshot = line.type == "snapshot" }
        return switch line["type"]?.string {
        case "joined": joined(line)
        case "events": events(line)
        case "snapshot": snapshot(line)
        case "ok": ok(line)
        case "room": status(line)
        case "bye": bye(line)
        default: nil
        }
    }

    /// Below 4500 the client comes back.
    private mutating func bye(_ line: JSON) -> String? {
        guard let code = line.int("code") else { return "bye without a code" }
        if code >= 4500 { over = code }
        return nil
    }

    private mutating func joined(_ line: JSON) -> String? {
        let head = line.int("seq") ?? -1
        let verdict = line["resume"]?.string ?? ""
        if let epoch = line["epoch"]?.string {
            if !self.epoch.isEmpty, self.epoch != epoch { return "the epoch changed" }
            self.epoch = epoch
        }
        seat = line.int("seat").map { Seat($0) }
        secret = line["secret"]?.string
        over = nil
        status = line["status"] ?? nil
        rev = status.int("rev") ?? 0
        awaitsSnapshot = false
        replayTo = nil
        if head < seq { return "joined at \(head) after event \(seq) was seen" }
        for answer in line["results"]?.elements ?? [] {
            if let n = answer.int("n"), let seq = answer.int("seq"), let fault = note(n, seq) { return fault }
        }
        let last = line.int("last_n") ?? -1
        if seat != nil, last < lastN { return "last_n is \(last), but \(lastN) was answered" }
        lastN = max(last, lastN)
        switch verdict {
        case "new":
            if line["view"] == nil { return "new without a view" }
            seq = head
        case "live": if head != seq { return "live at \(head), but \(seq) was the last event seen" }
        case "replayed":
            if head <= seq { return "replayed at \(head), but \(seq) was seen" }
            replayTo = head
        case "snapshot": awaitsSnapshot = true
        default: return "resume is \(verdict)"
        }
        return nil
    }

    private mutating func events(_ line: JSON) -> String? {
        let last = line.int("seq") ?? -1
        let count = line["events"]?.elements?.count ?? 0
        if count == 0 { return "events without events" }
        if awaitsSnapshot { return "events where a snapshot was announced" }
        if last - count != seq { return "events \(last - count + 1) to \(last) after \(seq)" }
        seq = last
        if let end = replayTo {
            if seq > end { return "replayed \(seq), beyond the announced \(end)" }
            if seq == end { replayTo = nil }
        }
        return nil
    }

    private mutating func snapshot(_ line: JSON) -> String? {
        let at = line.int("seq") ?? -1
        if at < seq { return "a snapshot of \(at) after event \(seq)" }
        awaitsSnapshot = false
        replayTo = nil
        seq = at
        return nil
    }

    private mutating func ok(_ line: JSON) -> String? {
        guard let n = line.int("n"), let at = line.int("seq") else { return "ok without n or seq" }
        if replayTo != nil || awaitsSnapshot { return "ok \(n) before what joined announced" }
        if at > seq { return "ok \(n) at \(at) before that event was told: \(seq)" }
        lastN = max(lastN, n)
        return note(n, at)
    }

    private mutating func note(_ n: Int, _ at: Int) -> String? {
        if let known = oks[n], known != at { return "command \(n) was answered \(known) and now \(at)" }
        oks[n] = at
        return nil
    }

    private mutating func status(_ line: JSON) -> String? {
        let new = line.int("rev") ?? 0
        if new < rev || new == rev && !followsSnapshot { return "rev \(new) after \(rev)" }
        rev = new
        status = line
        return nil
    }
}

extension JSON {
    init(_ integer: Int) { self = .integer(Int64(integer)) }

    func int(_ key: String) -> Int? { self[key]?.integer.map { Int($0) } }

    var type: String { self["type"]?.string ?? "" }
    var code: String { self["code"]?.string ?? "" }
}
#endif
