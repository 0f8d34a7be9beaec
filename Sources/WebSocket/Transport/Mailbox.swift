import CLinux
import Glibc
import Synchronization

/// What became of a value that was posted.
public enum Posted: Sendable {
    case delivered
    /// As many values as fit wait already; this one is lost.
    case full
    /// The loop has ended, and nobody will ask for the value.
    case closed
}

/// The way onto a loop from any other thread: values go in anywhere and come out on the loop's thread, in order.
public final class Mailbox<Parcel: Sendable>: Sendable {
    private struct State {
        var parcels: [Parcel] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// Closed when the last of poster and loop lets go, so a post never writes into a stranger's descriptor.
    let eventDescriptor: Int32

    init(capacity: Int) throws(SystemError) {
        self.capacity = capacity
        eventDescriptor = clinux_eventfd()
        guard eventDescriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit {
        _ = Glibc.close(eventDescriptor)
    }

    /// Hands a value to the loop. Wakes it only when the mailbox was empty.
    ///
    @discardableResult
    public func post(_ parcel: Parcel) -> Posted {
        let (posted, wakes) = state.withLock { state -> (Posted, Bool) in
            if state.isClosed { return (.closed, false) }
            guard state.parcels.count < capacity else { return (.full, false) }
            state.parcels.append(parcel)
            return (.delivered, state.parcels.count == 1)
        }
        if wakes {
            var one: UInt64 = 1
            _ = Glibc.write(eventDescriptor, &one, 8)
        }
        return posted
    }

    fileprivate func takeAll() -> [Parcel] {
        var count: UInt64 = 0
        _ = Glibc.read(eventDescriptor, &count, 8)
        return state.withLock { state in
            defer { state.parcels = [] }
            return state.parcels
        }
    }

    fileprivate func close() {
        state.withLock { state in
            state.isClosed = true
            state.parcels = []
        }
    }
}

/// The loop's end of a mailbox.
final class MailboxOutlet<Parcel: Sendable>: Pollable {
    private let mailbox: Mailbox<Parcel>
    private let receive: (Parcel) -> Void

    init(_ mailbox: Mailbox<Parcel>, shared: LoopShared.Pointer, _ receive: @escaping (Parcel) -> Void) {
        self.mailbox = mailbox
        self.receive = receive
        super.init(fd: mailbox.eventDescriptor, shared: shared)
    }

    override var ownsDescriptor: Bool { false }

    override func ready(_ flags: UInt32) {
        for parcel in mailbox.takeAll() { receive(parcel) }
    }

    override func loopEnds() {
        mailbox.close()
        super.loopEnds()
    }
}
