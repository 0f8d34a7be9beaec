/// Memory that is really there, for as long as somebody holds it.
final class Ballast: @unchecked Sendable {
    // Safe to share: nothing changes after `init`.
    let mebibytes: Int
    private let bytes: UnsafeMutableRawBufferPointer

    /// Half a page, so that none is left out.
    private static let step = 2048

    init(mebibytes: Int) {
        self.mebibytes = mebibytes
        bytes = .allocate(byteCount: mebibytes << 20, alignment: 4096)
        for offset in stride(from: 0, to: bytes.count, by: Self.step) {
            bytes.storeBytes(
                of: UInt8(truncatingIfNeeded: offset / Self.step | 1), toByteOffset: offset, as: UInt8.self)
        }
    }

    deinit { bytes.deallocate() }
}

/// The same on paper: how much, and in memory the thing itself.
extension Ballast: Codable, Equatable {
    convenience init(from decoder: any Decoder) throws {
        self.init(mebibytes: try decoder.singleValueContainer().decode(Int.self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(mebibytes)
    }

    static func == (left: Ballast, right: Ballast) -> Bool { left.mebibytes == right.mebibytes }
}
