/// The audit trail's own file. Lines that cannot be written wait in memory until they can; none is left out.
///
/// Lives on the writer thread. How much may wait is up to those who act: `Logger.isKeepingAudit` tells them to stop.
final class AuditFile {
    private let output: LogOutput
    private let intake: LogIntake
    private var waiting: [UInt8] = []

    init(_ plan: LogFilePlan, intake: LogIntake, clock: @escaping @Sendable () -> Int) {
        self.intake = intake
        output = LogOutput(.file(plan), intake: intake, clock: clock)
    }

    /// Whether lines wait that could not be written.
    private(set) var isBehind = false {
        didSet { if isBehind != oldValue { intake.setAuditBehind(isBehind) } }
    }

    func append(_ line: [UInt8]) { waiting += line }

    /// Writes what waits, and returns when it would outlive the loss of power.
    func write(at time: Int) {
        guard !waiting.isEmpty else { return }
        isBehind = !output.write(waiting, at: time)
        guard !isBehind else { return }
        waiting = []
        output.synchronize()
    }

    func keep(at time: Int) { output.keep(at: time) }

    func reopen() { output.reopen() }

    func takeNotes() -> [LogRecord] { output.takeNotes() }
}
