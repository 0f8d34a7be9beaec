import Glibc

/// A descriptor that is no file of ours: a terminal or a pipe. Lives on the writer thread.
///
/// A reader that takes nothing for a second loses lines instead of stopping the writer, and never sees half a line
/// followed by another: what is left of a line it has seen the beginning of goes first.
final class LogStream {
    private let descriptor: Int32
    private var rest: ArraySlice<UInt8> = []
    private var isStalled = false

    /// How long a reader may take nothing before the lines that wait are dropped.
    private static let stallMilliseconds: Int32 = 1000
    /// A pipe that is ready takes this much without blocking.
    private static let pieceBytes = 4096

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// - Returns: false when the lines were not taken; of the first of them a part may have been, its rest follows.
    func write(_ lines: [UInt8]) -> Bool {
        rest = pieces(rest)
        guard rest.isEmpty else { return false }
        let left = pieces(lines[...])
        guard !left.isEmpty else { return true }
        let isBroken = left.startIndex > 0 && lines[left.startIndex - 1] != UInt8(ascii: "\n")
        if isBroken { rest = left[...(left.firstIndex(of: UInt8(ascii: "\n")) ?? left.endIndex - 1)] }
        return false
    }

    /// - Returns: what could not be written.
    private func pieces(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var left = bytes
        while !left.isEmpty {
            guard isReady() else { return left }
            let piece = left.prefix(Self.pieceBytes)
            let missed = Self.writeAll(piece, to: descriptor).count
            left = left.dropFirst(piece.count - missed)
            guard missed == 0 || errno == EAGAIN else { return left }
        }
        return left
    }

    private func isReady() -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var count: Int32
        repeat { count = poll(&wanted, 1, isStalled ? 0 : Self.stallMilliseconds) } while count < 0 && errno == EINTR
        isStalled = count <= 0
        return count > 0
    }

    /// - Returns: what a full disk, a full pipe or a fault left over; `errno` says which.
    static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> ArraySlice<UInt8> {
        var left = bytes
        while !left.isEmpty {
            let count = left.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            left = left.dropFirst(count)
        }
        return left
    }
}
