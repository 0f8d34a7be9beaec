import Glibc

/// The faults the sanitizers are there for. They have to find these first: where they do not, they would find nothing.
@main enum Canary {
    static func main() {
        switch CommandLine.arguments.last {
        case "thread": race()
        case "address": touchFreed()
        default: leak()
        }
    }

    /// Two threads add to a number that nothing protects.
    private static func race() {
        let number = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        number.initialize(to: 0)
        var threads = [pthread_t](repeating: 0, count: 2)
        for index in threads.indices {
            pthread_create(
                &threads[index], nil,
                { number in
                    number?.assumingMemoryBound(to: Int.self).pointee += 1
                    return nil
                }, number)
        }
        for thread in threads { pthread_join(thread, nil) }
        number.deallocate()
    }

    private static func touchFreed() {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
        bytes.initialize(repeating: 1, count: 64)
        bytes.deallocate()
        // Printed, so that it is not optimized away.
        print(bytes[8])
    }

    private static func leak() {
        print(UInt(bitPattern: UnsafeMutablePointer<UInt8>.allocate(capacity: 64)) % 2)
    }
}
