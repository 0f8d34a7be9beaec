/// What a host may ask for.
enum HostOrder: Sendable, Equatable {
    case start
    case addBot(seat: Int?)
    case remove(seat: Int)
    case close

    var name: String {
        switch self {
        case .start: "start"
        case .addBot: "add_bot"
        case .remove: "remove"
        case .close: "close"
        }
    }

    var target: Int? {
        switch self {
        case .addBot(let seat): seat
        case .remove(let seat): seat
        case .start, .close: nil
        }
    }
}
