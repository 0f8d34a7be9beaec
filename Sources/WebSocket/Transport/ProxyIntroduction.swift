import CLinux
import Glibc

/// A connection of a trusted proxy until it has said whose it is. Lives on its event loop.
///
/// It takes no byte behind the header, so whatever follows, encrypted or not, is read by who comes after it.
final class ProxyIntroduction: Pollable {
    private let reception: Reception
    /// Stands for the TLS handshake that may follow, as long as this is here.
    private let passage: Passage
    private let proxy: PeerAddress
    private var header: [UInt8] = []

    init(_ passage: Passage, shared: LoopShared.Pointer, reception: Reception) {
        self.passage = passage
        proxy = passage.peerAddress
        self.reception = reception
        super.init(fd: passage.fd, shared: shared)
    }

    func begin() {
        let until = shared.pointee.now + .milliseconds(shared.pointee.limits.proxyHeaderMilliseconds)
        shared.pointee.wheel.set(self, at: until, now: shared.pointee.now)
    }

    override func ready(_ flags: UInt32) {
        let room = ProxyHeader.maxBytes - header.count
        let buffer = shared.pointee.receiveBuffer
        let seen = recv(fd, buffer, room, Int32(MSG_PEEK))
        if seen < 0, [EAGAIN, EINTR].contains(clinux_errno()) { return }
        guard seen > 0 else { return end() }
        let known = header.count
        header += UnsafeRawBufferPointer(start: buffer, count: seen)
        switch ProxyHeader.read(header[...]) {
        case .incomplete: take(seen)
        case .refusal: refuse()
        case .header(let said, let bytes):
            take(bytes - known)
            guard fd >= 0 else { return }
            reception.introduced(self, as: said.client.map { PeerAddress($0, port: said.port) } ?? proxy)
        }
    }

    override func timeIsUp(at instant: MonotonicTime) { refuse() }

    override func loopEnds() { end() }

    /// Takes from the kernel what was only looked at.
    private func take(_ count: Int) {
        if recv(fd, shared.pointee.receiveBuffer, count, 0) != count { end() }
    }

    /// There is no protocol yet in which the reason could be said.
    private func refuse() {
        shared.pointee.counters.proxyHeadersRefused += 1
        end()
    }

    private func end() {
        guard fd >= 0 else { return }
        shared.pointee.counters.open -= 1
        shared.pointee.doorkeeper.leave(nil, at: shared.pointee.now)
        shared.pointee.close(self)
    }
}
