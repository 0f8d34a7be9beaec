import COpenSSL
import Glibc

/// Where OpenSSL reads and writes ciphertext: two blocks that all TLS connections of a loop share, behind one BIO.
///
/// What one read of a socket brought is decrypted before the next socket is looked at, and what is encrypted is handed
/// to the kernel before anything else is; so a connection needs no buffer of its own between OpenSSL and the kernel.
/// It lies at a fixed address, which the BIO knows.
struct TLSWire {
    typealias Pointer = UnsafeMutablePointer<TLSWire>

    /// Most plaintext of one record.
    ///
    /// - Source: RFC 8446 §5.1.
    static let recordBytes = 16 * 1024
    /// More than a record's plaintext, header, padding and tag together.
    static let maxRecordBytes = recordBytes + 512
    /// Plaintext encrypted before the kernel is asked to take it. What it then refuses is kept encrypted.
    static let roundBytes = 4 * recordBytes

    /// Ciphertext from the kernel that OpenSSL has not taken yet.
    let input: UnsafeMutableRawPointer
    let inputCapacity: Int
    private var inputNext = 0
    private var inputEnd = 0
    /// Ciphertext for the kernel.
    private(set) var output: UnsafeMutableRawPointer
    private(set) var outputCount = 0
    private var outputCapacity = roundBytes + 8 * 1024
    /// Where small pieces become a record.
    let staging = UnsafeMutableRawPointer.allocate(byteCount: recordBytes, alignment: 64)
    private var bio: OpaquePointer?
    private var method: OpaquePointer?
    /// The turn in which handshakes were last moved on, and how many were.
    private var handshakeTurn = -1
    private var handshakesInTurn = 0

    private init(inputCapacity: Int) {
        self.inputCapacity = inputCapacity
        input = .allocate(byteCount: inputCapacity, alignment: 64)
        output = .allocate(byteCount: outputCapacity, alignment: 64)
    }

    /// - Returns: nil when there is no memory.
    static func make(inputCapacity: Int) -> Pointer? {
        let wire = Pointer.allocate(capacity: 1)
        wire.initialize(to: TLSWire(inputCapacity: inputCapacity))
        wire.pointee.method = makeMethod()
        wire.pointee.bio = wire.pointee.method.flatMap { BIO_new($0) }
        guard wire.pointee.bio != nil else {
            destroy(wire)
            return nil
        }
        BIO_set_data(wire.pointee.bio, wire)
        return wire
    }

    static func destroy(_ wire: Pointer) {
        BIO_free(wire.pointee.bio)
        BIO_meth_free(wire.pointee.method)
        wire.pointee.input.deallocate()
        wire.pointee.output.deallocate()
        wire.pointee.staging.deallocate()
        wire.deinitialize(count: 1)
        wire.deallocate()
    }

    /// Has a session read and write here.
    func attach(to session: OpaquePointer) {
        BIO_up_ref(bio)
        SSL_set_bio(session, bio, bio)
    }

    // MARK: In

    var hasInput: Bool { inputNext < inputEnd }

    /// Notes how much was read into `input`.
    mutating func filled(_ count: Int) {
        inputNext = 0
        inputEnd = count
    }

    mutating func dropInput() {
        inputEnd = inputNext
    }

    fileprivate mutating func take(_ count: Int, to target: UnsafeMutableRawPointer) -> Int {
        let count = min(count, inputEnd - inputNext)
        target.copyMemory(from: input + inputNext, byteCount: count)
        inputNext += count
        return count
    }

    // MARK: Out

    mutating func dropOutput() {
        outputCount = 0
    }

    /// A handshake's messages are bounded by the certificates, everything else by `roundBytes`.
    fileprivate mutating func put(_ bytes: UnsafeRawPointer, count: Int) {
        if outputCapacity - outputCount < count {
            outputCapacity = max(outputCapacity * 2, outputCount + count)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: outputCapacity, alignment: 64)
            larger.copyMemory(from: output, byteCount: outputCount)
            output.deallocate()
            output = larger
        }
        (output + outputCount).copyMemory(from: bytes, byteCount: count)
        outputCount += count
    }

    // MARK: Handshakes

    /// Notes a step of a handshake, which costs what dozens of messages do.
    ///
    /// - Returns: false when this turn has had its share.
    mutating func takesHandshakeStep(in turn: Int, limit: Int) -> Bool {
        if turn != handshakeTurn { (handshakeTurn, handshakesInTurn) = (turn, 0) }
        handshakesInTurn += 1
        return handshakesInTurn <= limit
    }

    // MARK: The BIO

    private static let retryFlags =
        BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    private static func makeMethod() -> OpaquePointer? {
        let kind = BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK)
        guard let method = BIO_meth_new(kind, "loop") else { return nil }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_read(method) { bio, target, count in
            BIO_clear_flags(bio, TLSWire.retryFlags)
            guard let wire = BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self), let target else { return -1 }
            let taken = wire.pointee.take(Int(count), to: target)
            if taken > 0 { return Int32(taken) }
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            BIO_clear_flags(bio, TLSWire.retryFlags)
            guard let wire = BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self), let bytes else { return -1 }
            wire.pointee.put(bytes, count: Int(count))
            return count
        }
        // All that is asked of it is to flush, which it need not.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }
}
