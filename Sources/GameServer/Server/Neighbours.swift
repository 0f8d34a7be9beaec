import PluginAPI
import Synchronization
import WebSocket

/// What lives on one loop, as work that comes from other loops finds it.
final class Residents {
    let services: LoopServices
    let rooms: RoomDirectory
    let sessions: SessionDirectory
    let reports: RoomReports
    let facts: any LoopFacts

    init(services: LoopServices, rooms: RoomDirectory, sessions: SessionDirectory, facts: any LoopFacts) {
        self.services = services
        self.rooms = rooms
        self.sessions = sessions
        self.facts = facts
        reports = RoomReports(services: services, rooms: rooms)
        services.neighbours.residents = self
    }
}

/// Something to do on another loop.
typealias LoopWork = @Sendable (Residents) -> Void

/// One loop as every other reaches it.
struct LoopAddress: Sendable {
    var work: Mailbox<LoopWork>
    /// Where its players' connections arrive.
    var landing: Landing<Passenger>
    /// Where connections arrive that another loop's listener accepted.
    var door: Door
}

/// The loops of this server as one of them sees the others. Lives on its loop.
///
/// A server of one loop has none, and everything asked here is done at once, in place.
final class Neighbours {
    /// Most pieces of work that wait for one loop. Above it what is sent there is refused, and the sender told.
    static let maxWaiting = 65_536
    /// How long another loop has to answer a question. Above it the asker goes on without an answer.
    private static let patience = Duration.seconds(5)

    let index: Int
    let placement: Placement
    weak var residents: Residents?
    private var addresses: [LoopAddress] = []
    private var asked: UInt64 = 0
    /// Questions under way, by number.
    private var waiting: [UInt64: (alarm: Alarm?, finish: (_ isAnswered: Bool) -> Void)] = [:]

    init(index: Int = 0, placement: Placement = Placement()) {
        self.index = index
        self.placement = placement
    }

    /// Learns how the loops are reached, all of them in order.
    func meet(_ all: [LoopAddress]) { addresses = all }

    var isAlone: Bool { placement.loops == 1 }

    /// The loop of a room that is not this one's; nil when it is.
    func elsewhere(_ room: RoomID) -> Int? { other(placement.loop(of: room)) }

    /// The loop of a creator's room that is not this one's; nil when it is.
    func elsewhere(ofCreator secret: Digest) -> Int? { other(placement.loop(ofCreator: secret)) }

    private func other(_ loop: Int) -> Int? { loop == index ? nil : loop }

    func landing(_ loop: Int) -> Landing<Passenger> { addresses[loop].landing }

    // MARK: Telling

    /// Has something done on another loop, behind all that was sent there before.
    ///
    /// - Returns: false when it will not be done: too much waits there, or it has ended.
    @discardableResult func send(to loop: Int, _ work: @escaping LoopWork) -> Bool {
        addresses[loop].work.post(work) == .delivered
    }

    // MARK: Asking

    /// Puts a question to every loop.
    ///
    /// - Parameter then: given the answers in the order of the loops, or nil when one of them gave none in time.
    func askAll<Value: Sendable>(
        _ question: @escaping @Sendable (Residents, _ answer: @escaping (Value) -> Void) -> Void,
        then: @escaping ([Value]?) -> Void
    ) {
        ask(Array(0..<placement.loops), question, then: then)
    }

    /// Puts a question to one loop.
    ///
    /// - Parameter then: given the answer, or nil when none came in time.
    func ask<Value: Sendable>(
        _ loop: Int, _ question: @escaping @Sendable (Residents, _ answer: @escaping (Value) -> Void) -> Void,
        then: @escaping (Value?) -> Void
    ) {
        ask([loop], question) { then($0?.first) }
    }

    private func ask<Value: Sendable>(
        _ loops: [Int], _ question: @escaping @Sendable (Residents, _ answer: @escaping (Value) -> Void) -> Void,
        then: @escaping ([Value]?) -> Void
    ) {
        guard let residents else { return then(nil) }
        asked += 1
        let number = asked
        let answers = Answers<Value>(expected: loops.count)
        let alarm =
            loops == [index]
            ? nil
            : residents.services.timeline.alarm(at: residents.services.timeline.now + Self.patience) { [weak self] in
                self?.finish(number, false)
            }
        waiting[number] = (alarm, { isAnswered in then(isAnswered ? answers.all : nil) })
        for (place, loop) in loops.enumerated() {
            guard loop != index else {
                question(residents) { [weak self] in if answers.put($0, at: place) { self?.finish(number, true) } }
                continue
            }
            let home = addresses[index].work
            let isSent = send(to: loop) { there in
                question(there) { value in
                    // Nobody waits any more when it cannot be told: its time is up, or its loop has ended.
                    if answers.put(value, at: place) { home.post { $0.services.neighbours.finish(number, true) } }
                }
            }
            if !isSent { return finish(number, false) }
        }
    }

    private func finish(_ number: UInt64, _ isAnswered: Bool) {
        guard let (alarm, finish) = waiting.removeValue(forKey: number) else { return }
        alarm?.cancel()
        finish(isAnswered)
    }
}

/// What several loops answer to one question.
private final class Answers<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(expected: Int) { values = Mutex(Array(repeating: nil, count: expected)) }

    /// - Returns: whether that was the last one missing.
    func put(_ value: Value, at place: Int) -> Bool {
        values.withLock { values in
            values[place] = value
            return values.allSatisfy { $0 != nil }
        }
    }

    var all: [Value] { values.withLock { $0.compactMap(\.self) } }
}
