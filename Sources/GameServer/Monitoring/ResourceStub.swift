struct ResourceReadings: Sendable { var residentBytes: Int?; var cpuRatio: Double?; var memoryRatio: Double?; var memoryAvailableBytes: Int? }
struct ResourceReader { mutating func read() -> ResourceReadings { ResourceReadings() } }
