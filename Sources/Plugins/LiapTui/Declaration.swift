import PluginAPI

extension LiapTui {
    /// Why a seat may not declare a value from 0 to 8.
    enum DeclarationFault {
        /// It would be the third zero in a row, or a later one.
        case zero
        /// It would make the total of the round exactly 8.
        case total
    }

    /// - Parameters:
    ///   - prior: what the seats before this one declared in this round.
    ///   - zeroStreak: zeros this seat declared in a row until now.
    /// - Returns: nil when `value` may be declared.
    /// - Source: the rules, "Declaration".
    static func fault(of value: Int, prior: [Int], zeroStreak: Int) -> DeclarationFault? {
        if value == 0, zeroStreak >= 2 { return .zero }
        let isLast = prior.count == seatCount - 1
        return isLast && prior.reduce(value, +) == handSize ? .total : nil
    }
}

extension LiapTui.State {
    private var declaredSoFar: [Int] { players.compactMap(\.declared) }

    func declarationFault(of value: Int, by seat: Seat) -> LiapTui.DeclarationFault? {
        LiapTui.fault(of: value, prior: declaredSoFar, zeroStreak: players[seat.index].zeroStreak)
    }

    /// The values `seat` may declare now.
    func declarations(by seat: Seat) -> [Int] {
        guard phase == .declaration, toAct == [seat] else { return [] }
        return (0...LiapTui.handSize).filter { declarationFault(of: $0, by: seat) == nil }
    }
}

extension Step<LiapTui> {
    mutating func declare(_ value: Int, by seat: Seat) throws(Refusal) {
        guard state.phase == .declaration else { throw .wrongPhase("it is not the time to declare") }
        guard state.toAct == [seat] else { throw .notYourTurn() }
        guard (0...LiapTui.handSize).contains(value) else {
            throw .badRequest("value: \(value) is outside 0 to \(LiapTui.handSize)")
        }
        switch state.declarationFault(of: value, by: seat) {
        case .zero: throw LiapTui.rule("declare_zero", "after two zeros in a row at least 1 must be declared")
        case .total:
            throw LiapTui.rule("declare_total", "\(value) would make the total exactly \(LiapTui.handSize)")
        case nil: break
        }
        emit(.declared(seat: seat, value: value))
        recordMove("declare")
        armTurnTimer()
    }
}
