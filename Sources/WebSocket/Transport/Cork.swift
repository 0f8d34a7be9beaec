import CLinux
import Glibc

/// Output of every connection of a loop during one turn, held back so that each connection gets one send per turn.
///
/// Small frames are copied into one block, one behind the other; shared messages are only referred to. A connection
/// knows its first and last segment, and what it sends in one go grows its last one. Nobody's handler runs in here.
struct Cork {
    /// A run of bytes of one connection.
    struct Segment {
        var base: UnsafeRawPointer
        var count: Int
        /// Retained until the cork is emptied.
        var message: Unmanaged<EncodedMessage>?
        /// The connection's next segment; -1 for none.
        var next: Int32
    }

    /// Above it everything is sent early.
    private static let maxSegments = 65_536
    /// Parts handed to the kernel at once; a connection with more gets several sends.
    static let partsPerSend = 256

    let base: UnsafeMutableRawPointer
    let end: UnsafeMutableRawPointer
    var top: UnsafeMutableRawPointer
    let segments: UnsafeMutablePointer<Segment>
    var segmentCount = 0
    /// Connections with segments; never more than there are segments.
    private let dirty: UnsafeMutablePointer<Unmanaged<Socket>>
    private var dirtyCount = 0
    /// Whether a segment refers to a shared message.
    private var holdsMessages = false
    let parts: UnsafeMutableBufferPointer<iovec>
    /// A socket that had more held back is told when the kernel took it all.
    private let backlogBytes: Int

    init(bytes: Int, backlogBytes: Int) {
        self.backlogBytes = backlogBytes
        base = .allocate(byteCount: bytes, alignment: 64)
        end = base + bytes
        top = base
        segments = .allocate(capacity: Self.maxSegments)
        parts = .allocate(capacity: Self.partsPerSend)
        dirty = .allocate(capacity: Self.maxSegments)
    }

    func deallocate() {
        precondition(segmentCount == 0, "segments are let go of at the end of every turn")
        base.deallocate()
        segments.deallocate()
        dirty.deallocate()
        parts.deallocate()
    }

    var isEmpty: Bool { dirtyCount == 0 }

    /// Room for `count` bytes; sends everything early when there is none.
    @inline(__always)
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if end - top < count || segmentCount == Self.maxSegments { flush() }
        return top
    }

    /// Notes that the `count` bytes just written at `top` are the socket's.
    @inline(__always)
    mutating func commit(_ count: Int, of socket: Socket) {
        let place = top
        top = place + count
        socket.pendingBytes &+= count
        if socket.corkedUpTo == place {
            segments[Int(socket.lastSegment)].count &+= count
        } else {
            link(Segment(base: place, count: count, message: nil, next: -1), to: socket)
        }
        socket.corkedUpTo = top
    }

    /// Adds a shared message without a copy.
    mutating func append(_ message: EncodedMessage, to socket: Socket) {
        if segmentCount == Self.maxSegments { flush() }
        guard let base = message.bytes.baseAddress else { return }
        socket.pendingBytes += message.bytes.count
        let reference = Unmanaged.passRetained(message)
        holdsMessages = true
        link(Segment(base: base, count: message.bytes.count, message: reference, next: -1), to: socket)
    }

    @inline(never)
    private mutating func link(_ segment: Segment, to socket: Socket) {
        let index = Int32(truncatingIfNeeded: segmentCount)
        segments[segmentCount] = segment
        segmentCount += 1
        if socket.lastSegment >= 0 {
            segments[Int(socket.lastSegment)].next = index
        } else {
            socket.firstSegment = index
            dirty[dirtyCount] = Unmanaged.passUnretained(socket)
            dirtyCount += 1
        }
        socket.lastSegment = index
        socket.corkedUpTo = nil
    }

    /// Sends what every connection has, one send each, and empties the block.
    ///
    /// Sockets closed in this turn are still alive: the loop lets go of them after the last flush.
    @inline(never)
    mutating func flush() {
        var index = 0
        while index < dirtyCount {
            dirty[index]._withUnsafeGuaranteedRef { socket in
                if socket.firstSegment >= 0 { send(socket) }
            }
            index &+= 1
        }
        dirtyCount = 0
        if holdsMessages {
            for index in 0..<segmentCount { segments[index].message?.release() }
            holdsMessages = false
        }
        segmentCount = 0
        top = base
    }

    /// Sends one socket's segments. What the kernel refuses goes to its outbox.
    func send(_ socket: Socket) {
        var index = socket.firstSegment
        let held = socket.pendingBytes
        socket.firstSegment = -1
        socket.lastSegment = -1
        socket.corkedUpTo = nil
        socket.pendingBytes = 0
        // Nothing is owed to a connection that was cut.
        guard socket.fd >= 0, !socket.isBroken else { return }
        if segments[Int(index)].next < 0 {
            let segment = segments[Int(index)]
            let sent = socket.write(UnsafeRawBufferPointer(start: segment.base, count: segment.count))
            if sent < segment.count { return refuse(socket, from: index, offset: sent) }
            if held > backlogBytes, socket.outbox == nil { socket.backlogTaken() }
            return
        }
        while index >= 0 {
            let first = index
            var count = 0
            var total = 0
            while index >= 0, count < Self.partsPerSend {
                let segment = segments[Int(index)]
                parts[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: segment.base), iov_len: segment.count)
                total += segment.count
                count += 1
                index = segment.next
            }
            let sent = socket.write(parts, count: count)
            if sent < total { return refuse(socket, from: first, offset: sent) }
        }
        if held > backlogBytes, socket.outbox == nil { socket.backlogTaken() }
    }

    private func refuse(_ socket: Socket, from first: Int32, offset: Int) {
        guard socket.fd >= 0, !socket.isBroken else { return }
        var offset = offset
        var index = first
        while index >= 0 {
            let segment = segments[Int(index)]
            index = segment.next
            if offset >= segment.count {
                offset -= segment.count
                continue
            }
            if let message = segment.message {
                socket.queue(message.takeUnretainedValue(), from: offset)
            } else {
                socket.queue(UnsafeRawBufferPointer(start: segment.base + offset, count: segment.count - offset))
            }
            offset = 0
        }
    }
}
