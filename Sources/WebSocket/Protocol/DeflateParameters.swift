/// What both ends of a connection agreed about permessage-deflate.
///
/// - Source: RFC 7692 §7.1.
struct DeflateParameters: Hashable, Sendable {
    static let name = "permessage-deflate"
    static let maxWindowBits = 15

    /// What holds for the messages of one end.
    struct Side: Hashable, Sendable {
        /// Whether they may refer to earlier ones.
        var keepsContext = true
        /// How far back: two to their power bytes.
        var windowBits = maxWindowBits
    }

    var server = Side()
    var client = Side()

    subscript(role: Role) -> Side { role == .server ? server : client }

    var keepsContext: Bool { server.keepsContext || client.keepsContext }

    /// The item of `Sec-WebSocket-Extensions` with which a server says so.
    ///
    /// - Source: RFC 7692 §7.1.2.1: a window that was offered has to be answered, however wide.
    func answer(to offer: DeflateOffer) -> String {
        var text = Self.name
        if !server.keepsContext { text += "; server_no_context_takeover" }
        if !client.keepsContext { text += "; client_no_context_takeover" }
        if offer.serverMaxWindowBits != nil || server.windowBits < Self.maxWindowBits {
            text += "; server_max_window_bits=\(server.windowBits)"
        }
        if client.windowBits < Self.maxWindowBits { text += "; client_max_window_bits=\(client.windowBits)" }
        return text
    }
}

/// One item's parameters, valid but not yet judged: an offer of a client's, or a server's answer.
///
/// - Source: RFC 7692 §7.1.1 and §7.1.2.
struct DeflateOffer: Equatable {
    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    /// In an offer without a value it stands for 15: the server may say less.
    var clientMaxWindowBits: Int?

    init() {}

    /// - Returns: nil when a parameter is unknown, given twice, or has a value it must not have: the item is declined.
    init?(_ item: ExtensionList.Item, isAnswer: Bool = false) {
        guard item.name == DeflateParameters.name else { return nil }
        var seen: Set<String> = []
        for parameter in item.parameters {
            guard seen.insert(parameter.name).inserted else { return nil }
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil): serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                serverMaxWindowBits = bits
            case ("client_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                clientMaxWindowBits = bits
            case ("client_max_window_bits", nil) where !isAnswer: clientMaxWindowBits = DeflateParameters.maxWindowBits
            default: return nil
            }
        }
    }

    /// A whole number from 8 to 15 without leading zeros.
    private static func bits(_ value: String) -> Int? {
        ["8", "9", "10", "11", "12", "13", "14", "15"].contains(value) ? Int(value) : nil
    }
}

extension CompressionPolicy {
    /// The first offer that is valid, in the client's order of preference; nil when there is none.
    ///
    /// - Source: RFC 7692 §5.
    static func offer(in extensions: ExtensionList) -> DeflateOffer? {
        extensions.items.lazy.compactMap { DeflateOffer($0) }.first
    }

    /// What a server agrees to.
    ///
    /// - Source: RFC 7692 §7.1.
    func agree(to offer: DeflateOffer) -> DeflateParameters {
        var agreed = DeflateParameters()
        agreed.server.keepsContext = keepsContext && !offer.serverNoContextTakeover
        agreed.client.keepsContext = peerKeepsContext && !offer.clientNoContextTakeover
        agreed.server.windowBits = min(offer.serverMaxWindowBits ?? DeflateParameters.maxWindowBits, windowBits)
        if let offered = offer.clientMaxWindowBits {
            agreed.client.windowBits = min(offered, peerWindowBits)
        } else if peerWindowBits < DeflateParameters.maxWindowBits {
            // It cannot be told to use less, so it gets no window of its own here.
            agreed.client.keepsContext = false
        }
        return agreed
    }

    /// What a client offers.
    var offer: String {
        var text = DeflateParameters.name
        if !peerKeepsContext { text += "; server_no_context_takeover" }
        if !keepsContext { text += "; client_no_context_takeover" }
        if peerWindowBits < DeflateParameters.maxWindowBits { text += "; server_max_window_bits=\(peerWindowBits)" }
        text += "; client_max_window_bits"
        if windowBits < DeflateParameters.maxWindowBits { text += "=\(windowBits)" }
        return text
    }

    /// What a client makes of the answer to its offer.
    ///
    /// - Returns: nil when the answer does not keep to it: the connection fails.
    /// - Source: RFC 7692 §5.1, §7.1.1.1 and §7.1.2.1.
    func agreed(by answer: ExtensionList.Item) -> DeflateParameters? {
        guard let answer = DeflateOffer(answer, isAnswer: true) else { return nil }
        if !peerKeepsContext, !answer.serverNoContextTakeover { return nil }
        let serverBits = answer.serverMaxWindowBits ?? DeflateParameters.maxWindowBits
        let clientBits = answer.clientMaxWindowBits ?? windowBits
        guard serverBits <= peerWindowBits, clientBits <= windowBits else { return nil }
        return DeflateParameters(
            server: .init(keepsContext: !answer.serverNoContextTakeover, windowBits: serverBits),
            client: .init(keepsContext: keepsContext && !answer.clientNoContextTakeover, windowBits: clientBits))
    }
}
