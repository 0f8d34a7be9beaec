import Foundation
import WebSocket

// Autobahn's fuzzing server against our client: asks how many cases there are, echoes through each, has the reports
// written.
//
//   autobahn-client HOST PORT AGENT

/// Goes from one connection of the suite to the next.
final class CaseRun: ClientHandler {
    private enum Step {
        case counting
        case running(Int)
        case reporting
    }

    private let loop: EventLoop
    private let host: String
    private let port: UInt16
    private let agent: String
    private var step = Step.counting
    private var cases = 0
    /// Whether the suite was gone through to its end.
    private(set) var isDone = false

    init(_ loop: EventLoop, host: String, port: UInt16, agent: String) {
        self.loop = loop
        self.host = host
        self.port = port
        self.agent = agent
    }

    func start() {
        let target =
            switch step {
            case .counting: "/getCaseCount"
            case .running(let number): "/runCase?case=\(number)&agent=\(agent)"
            case .reporting: "/updateReports?agent=\(agent)"
            }
        var request = ClientRequest(host: host, port: port, target: target)
        var compression = CompressionPolicy()
        compression.minBytes = 1
        compression.keepsContext = true
        compression.peerKeepsContext = true
        request.compression = compression
        do {
            try loop.connect(request, handler: self)
        } catch {
            stop("\(error)")
        }
    }

    private func stop(_ complaint: String?) {
        if let complaint { FileHandle.standardError.write(Data("autobahn-client: \(complaint)\n".utf8)) }
        loop.stop()
    }

    func failed(_ failure: ConnectFailure) {
        stop("\(failure)")
    }

    func opened(_ connection: Connection) {}
    func drained(_ connection: Connection) {}

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        if case .counting = step {
            cases = message.withUnsafeBytes { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
            return
        }
        switch kind {
        case .text: connection.send(text: message)
        case .binary: connection.send(binary: message)
        }
    }

    func closed(_ connection: Connection, _ closure: Closure) {
        switch step {
        case .counting: step = cases > 0 ? .running(1) : .reporting
        case .running(let number): step = number < cases ? .running(number + 1) : .reporting
        case .reporting:
            isDone = cases > 0
            return stop(isDone ? nil : "the suite has no cases")
        }
        start()
    }
}

guard CommandLine.arguments.count == 4, let port = UInt16(CommandLine.arguments[2]) else {
    FileHandle.standardError.write(Data("usage: autobahn-client HOST PORT AGENT\n".utf8))
    exit(2)
}
var limits = Limits()
limits.maxMessageBytes = 32 * 1024 * 1024
limits.maxFragmentsPerMessage = 1_000_000
limits.maxOutboxBytes = 128 * 1024 * 1024
let loop = try EventLoop(limits: limits)
let run = CaseRun(loop, host: CommandLine.arguments[1], port: port, agent: CommandLine.arguments[3])
run.start()
loop.run()
exit(run.isDone ? 0 : 1)
