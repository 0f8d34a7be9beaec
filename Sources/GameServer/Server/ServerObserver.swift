import WebSocket

/// Facts from rooms and sessions, for whoever counts and logs. Called on the loop; never blocks, never fails, never
/// reaches a client.
protocol ServerObserver: AnyObject {
    func sessionOpened()
    func sessionClosed(code: UInt16, lasted: Duration)
    /// - Parameter code: nil for `ok`; "repeated" for an `ok` told once more; else the refusal's code.
    func requestAnswered(code: String?)
    /// - Parameter verdict: nil when the client was refused.
    func resumed(_ verdict: ResumeVerdict?)
    func recordAppended(_ outcome: AppendOutcome, took: Duration)
    func roomOpened(_ room: RoomID)
    func roomClosed(_ room: RoomID)
    func roomRestored(_ room: RoomID, records: Int, took: Duration)
    /// The room could not do what it had to; `message` holds no secret.
    func roomFault(_ room: RoomID, _ message: String)
}
