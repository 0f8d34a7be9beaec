import CLinux
import Glibc

/// Output of every connection of a loop during one turn, held back so that each connection gets one send per turn.
///
/// Small frames are copied into one block, one behind the other; a message that many share is copied once for all of
/// them, or, if it is long, only referred to. A connection knows its first and last segment, and whatever is put right
/// behind its last one, its own or shared, makes that longer. Nobody's handler runs in here.
struct Cork {
    /// A run of bytes of one connection.
    struct Segment {
        var base: UnsafeRawPointer
        var count: Int
        /// Index of the first shared message in it; -1 for none.
        var message: Int32
        /// The connection's next segment; -1 for none.
        var next: Int32
    }

    /// A message that many share, and where it lies: in the block, or where it was encoded.
    struct SharedMessage {
        let place: UnsafeRawPointer
        /// Retained until the cork is emptied.
        let message: Unmanaged<EncodedMessage>
    }

    /// Above it, in segments or shared messages, everything is sent early.
    private static let maxSegments = 65_536
    /// Longer shared messages are referred to: a part more costs the kernel less than they take of the block.
    private static let maxCopiedBytes = 1024
    /// A message that is sent to one connection after the other is found again among so many of the last ones.
    private static let recentMessages = 4
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
    private let messages: UnsafeMutablePointer<SharedMessage>
    private var messageCount = 0
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
        messages = .allocate(capacity: Self.maxSegments)
    }

    func deallocate() {
        precondition(segmentCount == 0, "segments are let go of at the end of every turn")
        base.deallocate()
        segments.deallocate()
        dirty.deallocate()
        messages.deallocate()
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
            link(Segment(base: place, count: count, message: -1, next: -1), to: socket)
        }
        socket.corkedUpTo = top
    }

    /// Makes room for a shared message; sends everything early when there is none.
    @inline(__always)
    mutating func reserve(_ message: EncodedMessage) {
        if segmentCount == Self.maxSegments || messageCount == Self.maxSegments { flush() }
        if end - top < min(message.bytes.count, Self.maxCopiedBytes) { flush() }
    }

    /// Adds a shared message, for which room was made.
    @inline(__always)
    mutating func append(_ message: EncodedMessage, to socket: Socket) {
        let index = index(of: message)
        let place = messages[index].place
        let count = message.bytes.count
        socket.pendingBytes &+= count
        if let end = socket.corkedUpTo, UnsafeRawPointer(end) == place {
            let last = Int(socket.lastSegment)
            segments[last].count &+= count
            if segments[last].message < 0 { segments[last].message = Int32(truncatingIfNeeded: index) }
        } else {
            let index = Int32(truncatingIfNeeded: index)
            link(Segment(base: place, count: count, message: index, next: -1), to: socket)
        }
        // What lies elsewhere has nothing of this block behind it.
        socket.corkedUpTo = count <= Self.maxCopiedBytes ? UnsafeMutableRawPointer(mutating: place) + count : nil
    }

    @inline(__always)
    private mutating func index(of message: EncodedMessage) -> Int {
        let wanted = Unmanaged.passUnretained(message).toOpaque()
        var index = messageCount &- 1
        let last = max(index &- Self.recentMessages, -1)
        while index > last {
            if messages[index].message.toOpaque() == wanted { return index }
            index &-= 1
        }
        return hold(message)
    }

    @inline(never)
    private mutating func hold(_ message: EncodedMessage) -> Int {
        guard let base = message.bytes.baseAddress else { preconditionFailure("a frame has a header") }
        var place = base
        if message.bytes.count <= Self.maxCopiedBytes {
            top.copyMemory(from: base, byteCount: message.bytes.count)
            place = UnsafeRawPointer(top)
            top += message.bytes.count
        }
        messages[messageCount] = SharedMessage(place: place, message: .passRetained(message))
        messageCount += 1
        return messageCount - 1
    }

    @inline(__always)
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
        while messageCount > 0 {
            messageCount &-= 1
            messages[messageCount].message.release()
        }
        segmentCount = 0
        top = base
    }

    /// Sends one socket's segments. What the kernel refuses goes to its outbox.
    @inline(__always)
    func send(_ socket: Socket) {
        let index = socket.firstSegment
        let held = socket.pendingBytes
        socket.firstSegment = -1
        socket.lastSegment = -1
        socket.corkedUpTo = nil
        socket.pendingBytes = 0
        // Nothing is owed to a connection that was cut.
        guard socket.fd >= 0, !socket.isBroken else { return }
        let segment = segments[Int(index)]
        if segment.next >= 0 { return sendParts(of: socket, from: index, held: held) }
        let sent = socket.write(UnsafeRawBufferPointer(start: segment.base, count: segment.count))
        if sent < segment.count { return refuse(socket, from: index, offset: sent) }
        if held > backlogBytes, socket.outbox == nil { socket.backlogTaken() }
    }

    @inline(never)
    private func sendParts(of socket: Socket, from first: Int32, held: Int) {
        var index = first
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

    @inline(never)
    private func refuse(_ socket: Socket, from first: Int32, offset: Int) {
        guard socket.fd >= 0, !socket.isBroken else { return }
        var offset = offset
        var index = first
        while index >= 0 {
            let segment = segments[Int(index)]
            index = segment.next
            if offset < segment.count { queue(segment, from: offset, of: socket) }
            offset = max(offset - segment.count, 0)
        }
    }

    /// Hands a segment to the socket's outbox from `offset` on: shared messages as such, what lies between as a copy.
    private func queue(_ segment: Segment, from offset: Int, of socket: Socket) {
        var at = segment.base + offset
        let end = segment.base + segment.count
        var index = segment.message < 0 ? messageCount : Int(segment.message)
        // Those in the block lie in the order in which they came; one that lies elsewhere is a segment of its own.
        while at < end, index < messageCount {
            let shared = messages[index]
            index += 1
            let message = shared.message.takeUnretainedValue()
            guard shared.place >= segment.base, shared.place < end, shared.place + message.bytes.count > at else {
                continue
            }
            if at < shared.place {
                socket.queue(UnsafeRawBufferPointer(start: at, count: shared.place - at))
                at = shared.place
            }
            socket.queue(message, from: at - shared.place)
            at = shared.place + message.bytes.count
        }
        if at < end { socket.queue(UnsafeRawBufferPointer(start: at, count: end - at)) }
    }
}
