import CLinux

/// How the process's heap treats the blocks of long messages and of peers that do not read.
public enum HeapPolicy {
    /// From this length on a block is mapped by itself, and given back to the kernel when it is freed.
    static let mappedBytes = 128 * 1024

    /// Holds for the whole process; before the first connection. Left alone, the C library maps fewer blocks after each
    /// long one that was freed, up to 32 MB, and what a burst took stays taken: of 180 MB 140 without this, 6 with it.
    ///
    /// - Source: mallopt(3), "dynamic mmap threshold"; docs/decisions/0015-what-waits-and-where.md.
    public static func giveLongBlocksBack() {
        clinux_map_blocks_from(Int32(mappedBytes))
    }
}
