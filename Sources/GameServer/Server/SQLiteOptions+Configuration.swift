extension SQLiteOptions {
    /// As a server is configured.
    init(_ configuration: Configuration) {
        let store = configuration.store
        self.init(durability: store.durability == .power ? .power : .process)
        retainedEvents = configuration.rooms.retentionEvents
        goneFor = .milliseconds(configuration.rooms.goneMs)
        scrubRecordsPerSecond = store.scrubRecordsPerS
        guard store.cleanupEveryMs > 0 else { return }
        schedule = CleanupSchedule(
            every: .milliseconds(store.cleanupEveryMs), retention: .milliseconds(store.closedRetentionMs),
            maxBytes: store.maxBytes > 0 ? store.maxBytes : nil)
    }
}
