import GameServer

enum LiapTui {}

final class EchoServer: Sendable {
    let port: UInt16
    init(host: String, port: UInt16) throws(StartError) { throw .notHere }
    func run() {}
    func stop() {}
}
