import PluginAPI

/// Room summaries as the JSON they are stored as, remembered per room: between two records of a game mostly nothing
/// changes but when it changed and when it is due, and these two stand in columns of their own.
struct SummaryText {
    /// Most rooms remembered. Above it all are forgotten, and written out anew as they come.
    private let maxRooms: Int
    private var remembered: [RoomID: (summary: RoomSummary, json: [UInt8])] = [:]

    init(maxRooms: Int = 8_192) { self.maxRooms = maxRooms }

    /// The stored text of a summary.
    mutating func json(_ summary: RoomSummary) throws -> [UInt8] {
        var lasting = summary
        lasting.changed = summary.created
        lasting.nextDeadline = nil
        if let known = remembered[summary.room], known.summary == lasting { return known.json }
        let json = try FlatEncoder.encode(lasting)
        if remembered.count >= maxRooms { remembered.removeAll() }
        remembered[summary.room] = (lasting, json)
        return json
    }

    /// The summary a row of the directory holds.
    static func summary(_ row: DirectoryRow) throws -> RoomSummary {
        var summary = try FlatDecoder.decode(RoomSummary.self, from: JSON(parsing: row.summary))
        summary.changed = row.changed
        summary.nextDeadline = row.nextDeadline
        return summary
    }
}

/// What the directory reads of a room.
struct DirectoryRow {
    /// JSON, with `changed` and `nextDeadline` as they were when the room was made.
    var summary: [UInt8]
    var changed: Timestamp
    var nextDeadline: Timestamp?
}
