/// The ways a network may cut bytes that a test feeds one after the other: whole, one by one, in pieces of odd sizes.
public func slicings(of bytes: [UInt8]) -> [[[UInt8]]] {
    [pieces(of: bytes, sizes: [max(bytes.count, 1)])]
        + [[1], [2], [3], [7], [5, 1, 11], [64, 3]].map {
            pieces(of: bytes, sizes: $0)
        }
}

/// Cuts bytes into pieces whose sizes repeat in turn.
public func pieces(of bytes: [UInt8], sizes: [Int]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
        let end = min(start + sizes[pieces.count % sizes.count], bytes.count)
        pieces.append(Array(bytes[start..<end]))
        start = end
    }
    return pieces
}
