/// Which snapshots of a room are kept: few, but always one from which the last `events` events can be read again.
///
/// The two newest are kept, the newest that lies at least `events` below the head, and between them as many that the
/// next one of that kind is never more than a quarter of `events` too old: at most about ten.
struct SnapshotRetention: Sendable {
    /// How many events below the head a returning client may still ask for.
    var events: Int

    /// - Parameter snapshots: oldest first.
    /// - Returns: numbers of those to delete.
    func surplus(of snapshots: [(number: Int, sequence: Int)], headSequence: Int) -> [Int] {
        guard snapshots.count > 2 else { return [] }
        let anchor = snapshots.lastIndex { $0.sequence <= headSequence - events }
        var surplus = snapshots[..<(anchor ?? 0)].map(\.number)
        let newest = snapshots.count - 2
        // From new to old: one goes when those beside it lie close enough without it. The oldest kept has nothing below.
        var above = newest
        for index in stride(from: newest - 1, to: anchor ?? 0, by: -1) {
            if snapshots[above].sequence - snapshots[index - 1].sequence <= events / 4 {
                surplus.append(snapshots[index].number)
            } else {
                above = index
            }
        }
        // The two newest are kept even when an older head makes one of them the anchor.
        let kept = Set(snapshots.suffix(2).map(\.number))
        return surplus.filter { !kept.contains($0) }
    }
}
