import Glibc

/// How much of a client's address a line shows.
public enum ClientAddressPrivacy: String, CaseIterable, Sendable {
    case full
    /// The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
    case truncated
    /// Sixteen hexadecimal digits that stay the same for an address as long as the process runs.
    case hashed

    /// Of this process alone, so that nobody can try all addresses against lines that leaked.
    private static let key: [UInt8] = {
        var luck = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &luck) }
    }()

    /// - Parameter address: without port. One that is no address shows as `unknown` unless all is shown.
    func shown(_ address: String) -> String {
        guard self != .full else { return address }
        guard let bytes = Self.bytes(of: address) else { return "unknown" }
        guard self == .truncated else {
            return SHA256.hexadecimal(Array(SHA256.authenticated(bytes, key: Self.key).prefix(8)))
        }
        if bytes.count == 4 { return "\(bytes[0]).\(bytes[1]).\(bytes[2]).0/24" }
        let groups = stride(from: 0, to: 6, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "::/48"
    }

    /// Four bytes or sixteen; an IPv4 address in an IPv6 address is an IPv4 address.
    private static func bytes(of address: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, address, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var sixteen = in6_addr()
        guard inet_pton(AF_INET6, address, &sixteen) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: sixteen) { Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }
}
