import Foundation

/// Which worlds a run looks at: the same ones every time, and one nobody has seen; `SEEDS=7,12` asks for
/// those only.
enum Seeds {
    static let fixed: [UInt64] = Array(1...12)
    static let thisRun: [UInt64] = {
        if let only = ProcessInfo.processInfo.environment["SEEDS"] {
            return only.split(separator: ",").compactMap { UInt64($0) }
        }
        let fresh = UInt64.random(in: 1_000...UInt64(UInt32.max))
        print("simulation: fresh seed \(fresh)")
        return fixed + [fresh]
    }()
}
