extension Metrics {
    /// Every metric in one of the forms. Safe on any thread, best on one that may take ten milliseconds.
    ///
    /// - Parameter gzip: whether to compress; without memory for it the answer is not compressed, as its first two bytes
    ///   tell.
    public func exposition(as format: ExpositionFormat = .text, gzip: Bool = false) -> [UInt8] {
        let facts = readFamilies()
        let bytes = renderer.withLock { $0.render(families + domain.families, facts, as: format) }
        return gzip ? Gzip.compressed(bytes) ?? bytes : bytes
    }

    private func readFamilies() -> [ReadFamily] {
        typealias Row = MetricCatalogue
        let overflowing = (families + domain.families).compactMap { family in
            family.overflowCount > 0 ? ([family.description.name], SampleValue.integer(family.overflowCount)) : nil
        }
        let node = process.node.isEmpty && process.zone.isEmpty ? [] : [([process.node, process.zone], one)]
        return [
            ReadFamily(Row.metricsOverflow, overflowing),
            ReadFamily(Row.buildInfo, [([process.version, process.revision, Self.compiler], one)]),
            ReadFamily(Row.nodeInfo, node),
            ReadFamily(Row.pluginInfo, installed.withLock { $0.map { ([$0.name, $0.version, $0.state], one) } }),
            ReadFamily(Row.uptimeSeconds, process.uptimeSeconds()),
            ReadFamily(Row.processStartSeconds, process.startSeconds),
        ] + resourceFamilies()
    }

    private var one: SampleValue { .integer(1) }

    private func resourceFamilies() -> [ReadFamily] {
        typealias Row = MetricCatalogue
        let now = Duration.seconds(process.uptimeSeconds())
        guard let read = resources.withLock({ $0?.read(at: now, with: .all) }) else { return [] }
        let volumes = process.volumes.compactMap { volume in
            read.disk(of: volume.path).map { (name: volume.name, disk: $0) }
        }
        func bytes(_ pair: ResourceReadings.Flow?) -> [(labels: [String], value: SampleValue)] {
            pair.map { [(["in"], .integer($0.in)), (["out"], .integer($0.out))] } ?? []
        }
        return [
            ReadFamily(Row.cpuRatio, read.cpuRatio),
            ReadFamily(Row.memoryRatio, read.memoryRatio),
            ReadFamily(Row.diskRatio, volumes.map { ([$0.name], .number($0.disk.ratio)) }),
            ReadFamily(Row.memoryAvailableBytes, read.memoryAvailableBytes.map(Double.init)),
            ReadFamily(Row.diskFreeBytes, volumes.map { ([$0.name], .integer($0.disk.freeBytes)) }),
            ReadFamily(Row.cgroupThrottledSeconds, read.throttledSeconds),
            ReadFamily(Row.cgroupQuota, read.quotaCores),
            ReadFamily(Row.cgroupMemoryLimitBytes, read.memoryLimitBytes.map(Double.init)),
            ReadFamily(Row.cgroupMemoryUsageBytes, read.workingSetBytes.map(Double.init)),
            ReadFamily(Row.networkBytes, bytes(read.network)),
            ReadFamily(Row.diskIOBytes, bytes(read.diskIO)),
            ReadFamily(Row.processCPUSeconds, read.processCPUSeconds),
            ReadFamily(Row.processOpenFiles, read.openFiles.map(Double.init)),
            ReadFamily(Row.processMaxFiles, read.maxFiles.map(Double.init)),
            ReadFamily(Row.processVirtualBytes, read.virtualBytes.map(Double.init)),
            ReadFamily(Row.processVirtualMaxBytes, read.virtualMaxBytes.map(Double.init)),
            ReadFamily(Row.processResidentBytes, read.residentBytes.map(Double.init)),
            ReadFamily(Row.processHeapBytes, read.heapBytes.map(Double.init)),
            ReadFamily(Row.processThreads, read.threads.map(Double.init)),
        ]
    }

    /// The compiler this was built with, as far as it can be told while compiling.
    private static var compiler: String {
        #if swift(>=6.4)
        "6.4"
        #elseif swift(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }
}

extension MetricFamily {
    /// Values of this family that became `_other`.
    var overflowCount: Int {
        var sum = overflow?.total ?? 0
        if case .histogram(let rows) = storage { sum += rows.overflow }
        return sum
    }
}
