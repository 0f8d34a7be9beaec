import CZlib
import Synchronization

/// Counts what zlib and its users hold. Shared by everything that compresses on one loop; a context may outlive the
/// loop, or go to another.
final class DeflateMemory: Sendable {
    private let held = Atomic<Int>(0)

    /// Bytes held now.
    var bytes: Int { held.load(ordering: .relaxed) }

    func add(_ bytes: Int) {
        held.add(bytes, ordering: .relaxed)
    }

    /// A stream that takes its memory here. It keeps no reference: whoever keeps the stream keeps this, too.
    func makeStream() -> UnsafeMutablePointer<z_stream> {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        stream.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
        stream.pointee.zalloc = { opaque, items, size in
            guard let opaque else { return nil }
            let bytes = Int(items) * Int(size) + DeflateMemory.headBytes
            let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: DeflateMemory.headBytes)
            block.storeBytes(of: bytes, as: Int.self)
            Unmanaged<DeflateMemory>.fromOpaque(opaque)._withUnsafeGuaranteedRef { $0.add(bytes) }
            return block + DeflateMemory.headBytes
        }
        stream.pointee.zfree = { opaque, address in
            guard let opaque, let address else { return }
            let block = address - DeflateMemory.headBytes
            let bytes = block.load(as: Int.self)
            Unmanaged<DeflateMemory>.fromOpaque(opaque)._withUnsafeGuaranteedRef { $0.add(-bytes) }
            block.deallocate()
        }
        return stream
    }

    /// In front of each block stands its length; what follows stays aligned.
    private static let headBytes = 16
}
