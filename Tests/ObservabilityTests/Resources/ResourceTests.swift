import Foundation
import Testing

@testable import Observability

/// A folder that stands for `/`, written for one test.
private final class FixtureRoot {
    let path = NSTemporaryDirectory() + "gameserver-resources-" + UUID().uuidString

    init(_ files: [String: String]) throws {
        for (file, text) in files { try write(file, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // what is left is the system's to remove

    func write(_ file: String, _ text: String) throws {
        let url = URL(filePath: path + file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}

@Suite("Process, host and container") struct ResourceTests {
    private static let host = [
        "/proc/meminfo": "MemTotal:        8000000 kB\nMemFree:  100 kB\nMemAvailable:    6000000 kB\n",
        "/proc/stat": "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n",
        "/proc/net/dev": """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
            lo: 9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0
          eth0: 1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0
          eth1:1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0

        """,
        "/proc/self/stat":
            "42 (game (x) server) S 1 42 42 0 -1 4194304 0 0 0 0 150 50 0 0 20 0 7 0 1000 123456 10 18446744073709551615 1\n",
        "/proc/self/limits":
            "Limit                     Soft Limit           Hard Limit           Units\n"
            + "Max open files            4096                 8192                 files\n"
            + "Max address space         unlimited            unlimited            bytes\n",
        "/proc/self/io": "rchar: 1\nwchar: 2\nread_bytes: 512\nwrite_bytes: 1024\n",
        "/proc/self/fd/0": "", "/proc/self/fd/1": "", "/proc/self/fd/7": "",
    ]
    private static let two = [
        "/proc/self/cgroup": "0::/app/server\n",
        "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
        "/sys/fs/cgroup/app/server/memory.max": "max\n",
        "/sys/fs/cgroup/app/server/memory.current": "500000000\n",
        "/sys/fs/cgroup/app/server/memory.stat": "anon 1\ninactive_file 100000000\nactive_file 5\n",
        "/sys/fs/cgroup/app/memory.max": "1000000000\n",
        "/sys/fs/cgroup/app/memory.current": "800000000\n",
        "/sys/fs/cgroup/app/memory.stat": "inactive_file 50000000\n",
        "/sys/fs/cgroup/app/server/cpu.max": "50000 100000\n",
        "/sys/fs/cgroup/app/server/cpu.stat": "usage_usec 1000000\nthrottled_usec 250000\n",
        "/sys/fs/cgroup/app/cpu.max": "max 100000\n",
    ]
    private static let one = [
        "/proc/self/cgroup": "9:name=systemd:/\n4:memory:/box\n2:cpu,cpuacct:/box\n0::/\n",
        "/proc/self/mountinfo": """
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

        """,
        "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/memory/box/memory.usage_in_bytes": "600000000\n",
        "/sys/fs/cgroup/memory/box/memory.stat":
            "inactive_file 1\nhierarchical_memory_limit 1000000000\ntotal_inactive_file 200000000\n",
        "/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
        "/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu,cpuacct/box/cpuacct.usage": "1000000000\n",
        "/sys/fs/cgroup/cpu,cpuacct/box/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 3000000000\n",
    ]

    @Test func `the process is read whatever its name`() throws {
        let root = try FixtureRoot(Self.host)
        var reader = ResourceReader(root: root.path)
        let read = reader.read(at: .zero, with: .all)
        #expect(read.processCPUSeconds == 2)
        #expect(read.threads == 7)
        #expect(read.virtualBytes == 123_456)
        #expect(read.residentBytes == 10 * Int(sysconf(Int32(_SC_PAGESIZE))))
        #expect(read.maxFiles == 4096)
        #expect(read.virtualMaxBytes == nil)
        #expect(read.openFiles == 3)
        #expect(read.diskIO == .init(in: 512, out: 1024))
        #expect(read.network == .init(in: 1001, out: 2002))
        #expect(reader.read(at: .zero).openFiles == nil)
    }

    @Test func `without a container memory and CPU are shares of the host`() throws {
        let root = try FixtureRoot(Self.host)
        var reader = ResourceReader(root: root.path)
        let first = reader.read(at: .zero)
        #expect(first.memoryRatio == 0.25)
        #expect(first.memoryAvailableBytes == 6_000_000 * 1024)
        #expect(first.memoryLimitBytes == nil && first.quotaCores == nil && first.cpuRatio == nil)
        #expect(first.cores == 2)
        try root.write("/proc/stat", "cpu  130 0 120 730 120 0 0 0 0 0\ncpu0 1\ncpu1 1\n")
        // 50 ticks busy of 100; then too soon to say anything new.
        #expect(reader.read(at: .seconds(1)).cpuRatio == 0.5)
        try root.write("/proc/stat", "cpu  999 0 120 730 120 0 0 0 0 0\ncpu0 1\ncpu1 1\n")
        #expect(reader.read(at: .milliseconds(1050)).cpuRatio == 0.5)
    }

    @Test func `in the second version the tightest limit above counts, and CPU is a share of the quota`() throws {
        let root = try FixtureRoot(Self.host.merging(Self.two) { $1 })
        var reader = ResourceReader(root: root.path)
        let first = reader.read(at: .zero)
        #expect(first.workingSetBytes == 400_000_000)
        #expect(first.memoryLimitBytes == 1_000_000_000)
        #expect(first.memoryRatio == 0.75)
        #expect(first.memoryAvailableBytes == 250_000_000)
        #expect(first.quotaCores == 0.5)
        #expect(first.throttledSeconds == 0.25)
        try root.write("/sys/fs/cgroup/app/server/cpu.stat", "usage_usec 1400000\nthrottled_usec 250000\n")
        #expect(abs(try #require(reader.read(at: .seconds(1)).cpuRatio) - 0.8) < 1e-9)
    }

    @Test func `in the first version a number beyond all memory is no limit, and one from above counts`() throws {
        let root = try FixtureRoot(Self.host.merging(Self.one) { $1 })
        var reader = ResourceReader(root: root.path)
        let first = reader.read(at: .zero)
        #expect(first.workingSetBytes == 400_000_000)
        #expect(first.memoryLimitBytes == 1_000_000_000)
        #expect(first.memoryRatio == 0.4)
        #expect(first.quotaCores == 2)
        #expect(first.throttledSeconds == 3)
        try root.write("/sys/fs/cgroup/cpu,cpuacct/box/cpuacct.usage", "2000000000\n")
        #expect(reader.read(at: .seconds(1)).cpuRatio == 0.5)
    }

    @Test func `limits of max and minus one are none`() throws {
        var files = Self.host.merging(Self.two) { $1 }
        files["/sys/fs/cgroup/app/memory.max"] = "max\n"
        files["/sys/fs/cgroup/app/server/cpu.max"] = "max 100000\n"
        let root = try FixtureRoot(files)
        var reader = ResourceReader(root: root.path)
        #expect(reader.read(at: .zero).memoryLimitBytes == nil)
        #expect(reader.read(at: .zero).memoryRatio == 0.25)
        #expect(reader.read(at: .zero).quotaCores == nil)
        files = Self.host.merging(Self.one) { $1 }
        files["/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us"] = "-1\n"
        let other = try FixtureRoot(files)
        var second = ResourceReader(root: other.path)
        #expect(second.read(at: .zero).quotaCores == nil)
    }

    @Test func `inside a namespace the mounted folder is our own group`() throws {
        var files = Self.host.merging(Self.two) { $1 }
        files["/proc/self/cgroup"] = "0::/docker/abc\n"
        files["/proc/self/mountinfo"] = "31 23 0:28 /docker/abc /sys/fs/cgroup ro shared:4 - cgroup2 cgroup rw\n"
        files["/sys/fs/cgroup/memory.max"] = "700000000\n"
        files["/sys/fs/cgroup/memory.current"] = "350000000\n"
        let root = try FixtureRoot(files)
        var reader = ResourceReader(root: root.path)
        #expect(reader.read(at: .zero).memoryRatio == 0.5)
    }

    @Test func `nothing there is nothing read`() throws {
        let root = try FixtureRoot(["/empty": ""])
        var reader = ResourceReader(root: root.path)
        let read = reader.read(at: .seconds(1), with: .all)
        #expect(read.memoryRatio == nil && read.cpuRatio == nil && read.threads == nil && read.network == nil)
        #expect(read.disk(of: root.path + "/nowhere") == nil)
    }

    @Test func `this machine can be read`() throws {
        var reader = ResourceReader()
        let read = reader.read(at: .seconds(1), with: .all)
        #expect((0...1).contains(try #require(read.memoryRatio)))
        #expect(try #require(read.openFiles) > 2)
        #expect(try #require(read.processCPUSeconds) > 0)
        #expect((0...1).contains(try #require(read.disk(of: "/")).ratio))
    }

    @Test func `a scrape shows what was read`() throws {
        let root = try FixtureRoot(Self.host.merging(Self.two) { $1 })
        let metrics = Metrics(
            process: .init(
                version: "1", node: "n1", volumes: [("data", root.path)], startSeconds: 0, uptimeSeconds: { 0 }),
            resources: ResourceReader(root: root.path))
        metrics.announce([.init(name: "liap-tui", version: "1.0", state: "enabled")])
        let lines = metrics.textLines()
        #expect(lines.contains("gameserver_memory_utilization_ratio 0.75"))
        #expect(lines.contains("gameserver_cgroup_memory_limit_bytes 1000000000"))
        #expect(lines.contains("gameserver_network_bytes_total{direction=\"in\"} 1001"))
        #expect(lines.contains("process_cpu_seconds_total 2"))
        #expect(lines.contains("process_open_fds 3"))
        #expect(lines.contains { $0.hasPrefix("gameserver_disk_free_bytes{volume=\"data\"} ") })
        #expect(lines.contains("gameserver_node_info{node=\"n1\"} 1"))
        #expect(lines.contains("gameserver_plugin_info{plugin=\"liap-tui\",version=\"1.0\",state=\"enabled\"} 1"))
    }
}
