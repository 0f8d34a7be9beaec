/// Judges one run by readings taken before and after; a value, fed by the engine.
struct Judgement: Sendable {
    /// A reading that must not get worse while a procedure heals something else.
    struct Watch: Sendable {
        let signal: Signal
        /// A mean above this is harm.
        let limit: Double
        var after = RunningMean()
    }

    /// What was known when the run began.
    struct Before: Sendable {
        /// The target that was not reached, and the mean reading of its signal.
        var judged: (target: RecoveryVerification.Target, mean: Double)?
        var watches: [Watch]
        /// What the run touched is judged by itself, not the signal, which is also of what it left alone.
        private(set) var isOfTouched = false

        init(judged: (target: RecoveryVerification.Target, mean: Double)?, watches: [Watch]) {
            self.judged = judged
            self.watches = watches
        }

        mutating func narrow(to touched: Double) {
            guard let target = judged?.target, !target.isReached(by: touched) else { return }
            judged = (target, touched)
            isOfTouched = true
        }
    }

    struct Result: Sendable, Equatable {
        let verdict: RecoveryRun.Verdict
        let reason: String?
        let effect: RecoveryEffect?
    }

    private let before: Before
    private let verification: RecoveryVerification
    private let leastEffect: Double
    private let began: Duration
    private var watches: [Watch]
    private var after = RunningMean()
    /// Readings since the target was last missed.
    private var held = RunningMean()
    private let controlBefore: RunningMean
    private var controlAfter = RunningMean()

    init(
        _ verification: RecoveryVerification, before: Before, control: RunningMean, leastEffect: Double,
        at now: Duration
    ) {
        self.verification = verification
        self.before = before
        self.leastEffect = leastEffect
        controlBefore = control
        watches = before.watches
        began = now
    }

    /// - Parameter readings: of the whole server.
    mutating func watch(_ readings: SignalReadings) {
        for index in watches.indices {
            if let value = readings[watches[index].signal], value.isFinite { watches[index].after.add(value) }
        }
    }

    /// - Parameter reading: of what is judged; nil when it was not measured.
    mutating func observe(_ reading: Double?) {
        guard let reading, reading.isFinite, let target = before.judged?.target else { return }
        after.add(reading)
        if target.isReached(by: reading) { held.add(reading) } else { held = RunningMean() }
    }

    mutating func observeControl(_ reading: Double) { controlAfter.add(reading) }

    var isOfTouched: Bool { before.isOfTouched }

    /// The moment the verdict falls at the latest, provided that enough was measured; twice as long otherwise.
    var deadline: Duration { began + verification.within }

    /// - Returns: nil while it is too early to say.
    func result(at now: Duration, report: ActionReport, needsProof: Bool) -> Result? {
        guard let judged = before.judged else {
            return resultWithoutReading(at: now, report: report, needsProof: needsProof)
        }
        let isOver = now >= deadline
        let isSettled = held.count >= verification.samples && now - began >= verification.settling
        if isSettled && (isOver || harm == nil) {
            return verdict(judged, after: held.value ?? judged.mean, report, needsProof)
        }
        guard isOver else { return nil }
        if after.count >= verification.samples, let mean = after.value {
            return verdict(judged, after: mean, report, needsProof)
        }
        guard now >= deadline + verification.within else { return nil }
        let effect = RecoveryEffect(
            signal: judged.target.signal, before: judged.mean, after: after.value, target: judged.target.value,
            control: nil, share: nil)
        if let harm { return Result(verdict: .harmful, reason: harm, effect: effect) }
        // As where nothing was beyond its target before: no reading can show a gain, a proven repair can.
        guard !needsProof || report.repaired == 0 else {
            return Result(verdict: .effective, reason: nil, effect: nil)
        }
        return Result(verdict: .ineffective, reason: "not_measured", effect: effect)
    }

    /// Nothing was beyond its target before: no reading can show a gain, only the proof of a repaired object can.
    private func resultWithoutReading(at now: Duration, report: ActionReport, needsProof: Bool) -> Result? {
        guard now >= deadline else { return nil }
        if let harm { return Result(verdict: .harmful, reason: harm, effect: nil) }
        return needsProof && report.repaired > 0
            ? Result(verdict: .effective, reason: nil, effect: nil)
            : Result(verdict: .ineffective, reason: "was_within_target", effect: nil)
    }

    private func verdict(
        _ judged: (target: RecoveryVerification.Target, mean: Double), after: Double, _ report: ActionReport,
        _ needsProof: Bool
    ) -> Result {
        let wanted = judged.mean - judged.target.value
        let gained = judged.mean - after
        var control: RecoveryEffect.Control?
        if let before = controlBefore.value, let after = controlAfter.value {
            control = RecoveryEffect.Control(before: before, after: after)
        }
        let share = (gained - (control.map { $0.before - $0.after } ?? 0)) / wanted
        let effect = RecoveryEffect(
            signal: judged.target.signal, before: judged.mean, after: after, target: judged.target.value,
            control: control, share: share)
        if let harm { return Result(verdict: .harmful, reason: harm, effect: effect) }
        // The reading itself has to be better: doing less badly than the control is not enough.
        guard share >= leastEffect, gained / wanted > 0 else {
            return Result(verdict: .ineffective, reason: "reading_did_not_improve", effect: effect)
        }
        guard !needsProof || report.repaired > 0 else {
            return Result(verdict: .ineffective, reason: "repair_not_proven", effect: effect)
        }
        return Result(verdict: .effective, reason: nil, effect: effect)
    }

    /// The first watched signal that is worse than noise explains.
    private var harm: String? {
        watches.first { watch in
            guard let mean = watch.after.value, watch.after.count >= verification.samples else { return false }
            return mean > watch.limit
        }.map { "\($0.signal.rawValue)_rose" }
    }
}
