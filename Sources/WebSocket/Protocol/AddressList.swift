/// Addresses and networks a setting names, and whether peers of Unix-domain sockets are among them.
public struct AddressList: Sendable, Equatable {
    private struct Network: Equatable {
        let base: IPAddress
        let bits: Int
    }

    /// An entry that is neither an address nor a network.
    public struct NoAddress: Error, CustomStringConvertible {
        public let text: String
        public var description: String { "\(text.prefix(64)) is no IP address or network" }
    }

    /// What stands for all peers of Unix-domain sockets.
    public static let unixWord = "unix"

    private var networks: [Network] = []
    private var hasUnix = false

    /// Nobody.
    public init() {}

    /// - Parameter text: IP addresses, networks as in `10.0.0.0/8`, and the word `unix`, with commas between.
    /// - Source: RFC 4632 §3.1; RFC 4291 §2.3.
    public init(_ text: String) throws(NoAddress) {
        for entry in text.split(separator: ",") {
            let bare = entry.trimmingSpaces()
            if bare.isEmpty { continue }
            if bare == Self.unixWord {
                hasUnix = true
            } else if let network = Self.network(bare) {
                networks.append(network)
            } else {
                throw NoAddress(text: bare)
            }
        }
    }

    public var isEmpty: Bool { networks.isEmpty && !hasUnix }

    /// Each entry in the one way to write it.
    public var entries: [String] {
        networks.map { $0.bits == 128 ? "\($0.base)" : "\($0.base)/\($0.base.isVersion4 ? $0.bits - 96 : $0.bits)" }
            + (hasUnix ? [Self.unixWord] : [])
    }

    /// - Parameter address: nil for a peer of a Unix-domain socket.
    public func contains(_ address: IPAddress?) -> Bool {
        guard let address else { return hasUnix }
        return networks.contains { address.prefix(bits: $0.bits) == $0.base }
    }

    private static func network(_ text: String) -> Network? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else { return Network(base: address, bits: 128) }
        let isDotted = !parts[0].contains(":")
        guard parts[1].allSatisfy(\.isNumber), let length = Int(parts[1]), length <= (isDotted ? 32 : 128) else {
            return nil
        }
        let bits = length + (isDotted ? 96 : 0)
        return Network(base: address.prefix(bits: bits), bits: bits)
    }
}
