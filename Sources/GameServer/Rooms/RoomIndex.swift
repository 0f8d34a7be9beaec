import PluginAPI

/// The ids of a directory in order, so that they can be read page by page without sorting.
///
/// Ids are random, so 1024 buckets by their highest bits are about equally full, and to insert one moves few others.
struct RoomIndex {
    private static let bits: UInt64 = 10
    private static let shift = 40 - bits
    private var buckets = [[UInt64]](repeating: [], count: 1 << Int(bits))

    mutating func insert(_ room: RoomID) {
        let bucket = Int(room.raw >> Self.shift)
        let place = Self.place(of: room.raw, in: buckets[bucket])
        if place < buckets[bucket].count, buckets[bucket][place] == room.raw { return }
        buckets[bucket].insert(room.raw, at: place)
    }

    mutating func remove(_ room: RoomID) {
        let bucket = Int(room.raw >> Self.shift)
        let place = Self.place(of: room.raw, in: buckets[bucket])
        if place < buckets[bucket].count, buckets[bucket][place] == room.raw { buckets[bucket].remove(at: place) }
    }

    /// The first id above `room`; the very first when it is nil.
    func first(after room: RoomID?) -> RoomID? {
        var bucket = room.map { Int($0.raw >> Self.shift) } ?? 0
        var place = room.map { Self.place(of: $0.raw + 1, in: buckets[bucket]) } ?? 0
        while bucket < buckets.count {
            if place < buckets[bucket].count { return RoomID(raw: buckets[bucket][place]) }
            bucket += 1
            place = 0
        }
        return nil
    }

    /// Where an id stands, or would.
    private static func place(of raw: UInt64, in bucket: [UInt64]) -> Int {
        var low = 0
        var high = bucket.count
        while low < high {
            let middle = (low + high) / 2
            if bucket[middle] < raw { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
