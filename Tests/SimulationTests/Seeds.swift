/// Which worlds a run looks at: the same ones every time, and one nobody has seen.
enum Seeds {
    static let fixed: [UInt64] = Array(1...19)
    static let thisRun: [UInt64] = {
        let fresh = UInt64.random(in: 1_000...UInt64(UInt32.max))
        print("simulation: fresh seed \(fresh)")
        return fixed + [fresh]
    }()
}
