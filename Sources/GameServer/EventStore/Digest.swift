import COpenSSL

/// A SHA-256 value: of a seat's secret, or of a record and everything before it.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// What the first record of a room continues.
    public static let zero = Digest(unchecked: Array(repeating: 0, count: 32))

    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    public init?(hexadecimal: String) {
        let digits = Array(hexadecimal.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for pair in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[pair..<pair + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// SHA-256 of `parts`, one after the other.
    ///
    /// - Source: FIPS 180-4, by OpenSSL.
    public init(of parts: [UInt8]...) {
        let joined = parts.count == 1 ? parts[0] : parts.flatMap(\.self)
        var output = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(joined, joined.count, &output)
        bytes = output
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Compares in constant time, so that a guess learns nothing from how long the answer takes.
    public func matches(_ other: Digest) -> Bool {
        CRYPTO_memcmp(bytes, other.bytes, bytes.count) == 0
    }

    public var description: String {
        bytes.hexadecimal
    }
}

extension [UInt8] {
    /// Two lower-case digits a byte.
    var hexadecimal: String {
        String(unsafeUninitializedCapacity: count * 2) { digits in
            for (index, byte) in enumerated() {
                digits[index * 2] = Self.digit(byte >> 4)
                digits[index * 2 + 1] = Self.digit(byte & 15)
            }
            return count * 2
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
