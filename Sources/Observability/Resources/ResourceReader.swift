import CLinux
import Glibc

/// Reads what the process, its container and its host use. Cheap enough for several times a second.
///
/// - Source: Linux manual pages proc(5), cgroups(7); Linux documentation, "Control Group v2".
public struct ResourceReader: Sendable {
    public struct Parts: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Open descriptors, counted one by one where the kernel does not tell their number.
        public static let openFiles = Parts(rawValue: 1)
        /// Limits, heap, storage and network.
        public static let details = Parts(rawValue: 2)
        public static let all: Parts = [.openFiles, .details]
    }

    private let root: String
    private let memory: ControlGroup?
    private let cpu: ControlGroup?
    private let accounting: ControlGroup?
    private var file = SystemFile()
    private var last: Used?
    private var lastRatio: Double?

    /// CPU used up to a moment: of the container against the clock, or of the host against its own idle time.
    private struct Used {
        var at: Duration
        /// In seconds.
        var container: Double?
        var hostBusy: Double
        var hostTotal: Double
    }

    /// A ratio over a shorter time would be made of the kernel's own steps of 10 ms.
    private static let minInterval: Duration = .milliseconds(100)
    /// The kernel's `USER_HZ`, the same on every Linux.
    private static let ticksPerSecond = 100.0

    /// - Parameter root: the folder to take for `/`; another one in tests.
    public init(root: String = "/") {
        var path = root
        while path.hasSuffix("/") { path.removeLast() }
        self.root = path
        var file = SystemFile()
        memory = ControlGroup.find("memory", root: path, &file)
        cpu = ControlGroup.find("cpu", root: path, &file)
        accounting = ControlGroup.find("cpuacct", root: path, &file)
    }

    /// - Parameter now: monotonic; the CPU's ratio is over the time since the call before.
    public mutating func read(at now: Duration, with parts: Parts = []) -> ResourceReadings {
        var readings = ResourceReadings()
        readProcess(into: &readings)
        if parts.contains(.openFiles) { readings.openFiles = openFiles() }
        readMemory(into: &readings)
        readCPU(at: now, into: &readings)
        if parts.contains(.details) {
            readDetails(into: &readings)
            readings.network = network()
        }
        return readings
    }

    // MARK: The process

    private mutating func readProcess(into readings: inout ResourceReadings) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // The name, in parentheses, may hold blanks and parentheses; the numbers begin behind the last one.
        let fields: [Int]? = file.read(root + "/proc/self/stat") { bytes in
            guard let name = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            var index = min(name + 3, bytes.endIndex)
            return (0..<21).map { _ in Numbers.next(bytes, &index) ?? 0 }
        }
        if let fields {
            readings.processCPUSeconds = Double(fields[10] + fields[11]) / Self.ticksPerSecond
            readings.threads = fields[16]
            readings.virtualBytes = fields[19]
            readings.residentBytes = fields[20] &* page
        }
    }

    private mutating func readDetails(into readings: inout ResourceReadings) {
        file.read(root + "/proc/self/limits") { bytes -> Void? in
            readings.maxFiles = Numbers.value(of: "Max open files", in: bytes)
            readings.virtualMaxBytes = Numbers.value(of: "Max address space", in: bytes)
            return nil
        }
        readings.diskIO = file.read(root + "/proc/self/io") { bytes in
            guard let read = Numbers.value(of: "read_bytes", in: bytes),
                let written = Numbers.value(of: "write_bytes", in: bytes)
            else { return nil }
            return .init(in: read, out: written)
        }
        readings.heapBytes = Int(clinux_heap_bytes())
    }

    private func openFiles() -> Int? {
        let folder = root + "/proc/self/fd"
        var status = stat()
        // Newer kernels tell the number as the folder's size.
        if stat(folder, &status) == 0, status.st_size > 0, root.isEmpty { return Int(status.st_size) }
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // The descriptor this counting itself holds open.
        return root.isEmpty ? count - 1 : count
    }

    // MARK: Memory

    private mutating func readMemory(into readings: inout ResourceReadings) {
        let host: (total: Int, available: Int)? = file.read(root + "/proc/meminfo") { bytes in
            guard let total = Numbers.value(of: "MemTotal", in: bytes),
                let available = Numbers.value(of: "MemAvailable", in: bytes)
            else { return nil }
            return (total * 1024, available * 1024)
        }
        if let host, host.total > 0 {
            readings.memoryAvailableBytes = host.available
            readings.memoryRatio = Double(host.total - host.available) / Double(host.total)
        }
        guard let memory, let own = memory.folders.first else { return }
        readings.workingSetBytes = workingSet(own, memory.version)
        // The tightest group is the one whose limit is nearest.
        var tightest: (used: Int, limit: Int)?
        for folder in memory.folders {
            guard let limit = memoryLimit(folder, memory.version), limit < host?.total ?? .max,
                let used = folder == own ? readings.workingSetBytes : workingSet(folder, memory.version)
            else { continue }
            if let known = tightest, limit - used >= known.limit - known.used { continue }
            tightest = (used, limit)
        }
        if tightest == nil, memory.version == .one, let used = readings.workingSetBytes {
            // One from above, where its folder cannot be seen.
            let limit = file.number(own + "/memory.stat", key: "hierarchical_memory_limit") ?? .max
            if limit < host?.total ?? .max { tightest = (used, limit) }
        }
        guard let tightest, tightest.limit > 0 else { return }
        readings.memoryLimitBytes = tightest.limit
        readings.memoryRatio = Double(tightest.used) / Double(tightest.limit)
        readings.memoryAvailableBytes = min(host?.available ?? .max, max(0, tightest.limit - tightest.used))
    }

    /// - Returns: nil when there is none: `max`, or in the first version a number beyond all memory.
    private mutating func memoryLimit(_ folder: String, _ version: ControlGroup.Version) -> Int? {
        file.number(folder + (version == .two ? "/memory.max" : "/memory.limit_in_bytes"))
    }

    private mutating func workingSet(_ folder: String, _ version: ControlGroup.Version) -> Int? {
        switch version {
        case .two:
            guard let used = file.number(folder + "/memory.current") else { return nil }
            return max(0, used - (file.number(folder + "/memory.stat", key: "inactive_file") ?? 0))
        case .one:
            guard let used = file.number(folder + "/memory.usage_in_bytes") else { return nil }
            return max(0, used - (file.number(folder + "/memory.stat", key: "total_inactive_file") ?? 0))
        }
    }

    // MARK: CPU

    private mutating func readCPU(at now: Duration, into readings: inout ResourceReadings) {
        let host: (busy: Double, total: Double, cores: Int)? = file.read(root + "/proc/stat") { bytes in
            guard var index = Numbers.position(after: "cpu", in: bytes) else { return nil }
            // user nice system idle iowait irq softirq steal; the guests' time is in user and nice.
            let ticks = (0..<8).map { _ in Double(Numbers.next(bytes, &index) ?? 0) }
            let total = ticks.reduce(0, +)
            return (total - ticks[3] - ticks[4], total, Self.cores(bytes))
        }
        readings.cores = host?.cores
        let quota = tightestQuota()
        readings.quotaCores = quota?.cores
        readings.throttledSeconds = throttled()
        let used = Used(
            at: now, container: quota?.used, hostBusy: host?.busy ?? 0, hostTotal: host?.total ?? 0)
        defer { readings.cpuRatio = lastRatio }
        guard let last else {
            self.last = used
            return
        }
        let elapsed = now - last.at
        guard elapsed >= Self.minInterval else { return }
        if let quota, let before = last.container {
            lastRatio = max(0, quota.used - before) / (elapsed.seconds * quota.cores)
        } else if used.hostTotal > last.hostTotal {
            lastRatio = min(max(0, used.hostBusy - last.hostBusy) / (used.hostTotal - last.hostTotal), 1)
        }
        self.last = used
    }

    private static func cores(_ bytes: Numbers.Bytes) -> Int {
        var count = 0
        var isStart = true
        for index in bytes.indices {
            if isStart, bytes.endIndex - index > 3, bytes[index] == UInt8(ascii: "c"),
                bytes[index + 1] == UInt8(ascii: "p"), bytes[index + 2] == UInt8(ascii: "u"),
                (48...57).contains(bytes[index + 3])
            {
                count += 1
            }
            isStart = bytes[index] == 10
        }
        return count
    }

    /// The smallest quota above us that is a limit at all, and the CPU seconds used under it.
    private mutating func tightestQuota() -> (cores: Double, used: Double)? {
        guard let cpu else { return nil }
        var tightest: (cores: Double, used: Double)?
        for (level, folder) in cpu.folders.enumerated() {
            guard let cores = quota(folder, cpu.version), cores < tightest?.cores ?? .infinity,
                let used = cpuSeconds(folder, cpu.version, level)
            else { continue }
            tightest = (cores, used)
        }
        return tightest
    }

    private mutating func quota(_ folder: String, _ version: ControlGroup.Version) -> Double? {
        switch version {
        case .two:
            return file.read(folder + "/cpu.max") { bytes in
                var index = bytes.startIndex
                guard let quota = Numbers.next(bytes, &index), let period = Numbers.next(bytes, &index), period > 0
                else { return nil }
                return Double(quota) / Double(period)
            }
        case .one:
            guard let quota = file.number(folder + "/cpu.cfs_quota_us"), quota > 0,
                let period = file.number(folder + "/cpu.cfs_period_us"), period > 0
            else { return nil }
            return Double(quota) / Double(period)
        }
    }

    private mutating func cpuSeconds(_ folder: String, _ version: ControlGroup.Version, _ level: Int) -> Double? {
        switch version {
        case .two: return file.number(folder + "/cpu.stat", key: "usage_usec").map { Double($0) / 1e6 }
        case .one:
            // The accounting may be a hierarchy of its own; its groups have the same names.
            guard let accounting, level < accounting.folders.count else { return nil }
            return file.number(accounting.folders[level] + "/cpuacct.usage").map { Double($0) / 1e9 }
        }
    }

    private mutating func throttled() -> Double? {
        guard let cpu, let folder = cpu.folders.first else { return nil }
        return switch cpu.version {
        case .two: file.number(folder + "/cpu.stat", key: "throttled_usec").map { Double($0) / 1e6 }
        case .one: file.number(folder + "/cpu.stat", key: "throttled_time").map { Double($0) / 1e9 }
        }
    }

    // MARK: Network

    private mutating func network() -> ResourceReadings.Flow? {
        file.read(root + "/proc/net/dev") { bytes in
            var flow = ResourceReadings.Flow(in: 0, out: 0)
            for line in bytes.split(separator: 10).dropFirst(2) {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                let name = line[line.startIndex..<colon].drop { Numbers.isBlank($0) }
                if name.elementsEqual("lo".utf8) { continue }
                var index = colon + 1
                let numbers = (0..<16).map { _ in Numbers.next(line, &index) ?? 0 }
                flow.in += numbers[0]
                flow.out += numbers[8]
            }
            return flow
        }
    }
}
