import Glibc

/// A descriptor held for the moment when there is no other: given up, it lets one connection be accepted and told so
/// instead of hanging unanswered in the kernel's queue.
struct DescriptorReserve {
    private var descriptor: Int32

    init() {
        descriptor = Self.taken()
    }

    /// Frees the descriptor.
    ///
    /// - Returns: false when there was none.
    mutating func spend() -> Bool {
        guard descriptor >= 0 else { return false }
        _ = Glibc.close(descriptor)
        descriptor = -1
        return true
    }

    /// - Returns: false when there is no descriptor to be had.
    @discardableResult mutating func refill() -> Bool {
        if descriptor < 0 { descriptor = Self.taken() }
        return descriptor >= 0
    }

    private static func taken() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
