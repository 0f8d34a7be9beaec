/// An IP address. One of IPv4 is the same address whether it was written with dots or inside IPv6.
///
/// - Source: RFC 4291 §2.5.5.2 (IPv4-mapped addresses).
public struct IPAddress: Hashable, Sendable {
    /// The first and last 64 bits as IPv6, most significant first.
    public let high: UInt64
    public let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(version4 bits: UInt32) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(bits))
    }

    /// - Parameter text: dotted IPv4, or IPv6 without brackets, zone or prefix length.
    /// - Source: RFC 4291 §2.2.
    public init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.version6(text) else { return nil }
            self.init(high: high, low: low)
        } else {
            guard let bits = Self.version4(text) else { return nil }
            self.init(version4: bits)
        }
    }

    public var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// This address and all that agree with it in the first `bits` of 128.
    public func prefix(bits: Int) -> IPAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        return IPAddress(high: high & mask(bits), low: low & mask(bits - 64))
    }

    // MARK: Reading

    private static func version4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some readers.
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            let octet = part.reduce(0) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard octet <= 255 else { return nil }
            bits = bits << 8 | octet
        }
        return bits
    }

    private static func version6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
        let halves = String(text).split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, let front = groups(halves[0], endsWithVersion4: halves.count == 1),
            let back = halves.count == 2 ? groups(halves[1], endsWithVersion4: true) : []
        else { return nil }
        // The abbreviation stands for at least one group.
        guard halves.count == 2 ? front.count + back.count < 8 : front.count == 8 else { return nil }
        let all = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
        func word(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
        return (word(all[..<4]), word(all[4...]))
    }

    private static func groups(_ text: Substring, endsWithVersion4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if endsWithVersion4, index == parts.count - 1, part.contains(".") {
                guard let bits = version4(part) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }
}

extension IPAddress: CustomStringConvertible {
    /// The one way to write it.
    ///
    /// - Source: RFC 5952 §4.
    public var description: String {
        if isVersion4 {
            return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".")
        }
        let groups = [high, low].flatMap { word in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: word >> $0) } }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = max(end, start + 1)
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}

/// Whose connections are counted together: an address of IPv4, and of IPv6 the network of 64 bits, because a single
/// customer has all of it.
///
/// - Source: RFC 4291 §2.5.4.
public struct ClientNetwork: Hashable, Sendable {
    private let bits: UInt64
    private let isVersion4: Bool

    public init(_ address: IPAddress) {
        isVersion4 = address.isVersion4
        bits = isVersion4 ? address.low : address.high
    }
}
