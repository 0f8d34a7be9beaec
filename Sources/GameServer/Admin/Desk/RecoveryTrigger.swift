import PluginAPI

/// A procedure started by hand.
struct RecoveryTrigger: Sendable {
    var name: String
    /// What it is limited to, such as a room; nil for what the procedure chooses.
    var scope: String?
    var isDryRun: Bool
    var context: [UInt8]
    var requester: Requester
    var requestID: String
}

extension RecoveryTrigger {
    /// Reads query and body, which must not contradict each other.
    ///
    /// - Throws: `bad_request` that names the member and what would be right.
    init(_ question: DeskQuestion, by requester: Requester) throws(Rejection) {
        let body = question.body ?? [:]
        let scope = body["scope"] ?? .null
        let dryRun = body["dry_run"]
        let context = body["context"] ?? [:]
        for (name, isRight, expectation) in [
            (
                "scope", scope.isNull || scope.string.map { (1...200).contains($0.unicodeScalars.count) } ?? false,
                "a text of 1 to 200 characters"
            ),
            ("dry_run", dryRun.map { $0.bool != nil } ?? true, "true or false"),
            ("context", context.members != nil, "an object"),
        ] where !isRight {
            throw .badRequest("\(name) has to be \(expectation)")
        }
        self.init(
            name: question.arguments.text("name") ?? "",
            scope: try Self.either("scope", question.arguments.text("scope"), scope.string),
            isDryRun: try Self.either("dry_run", question.arguments.given("dry_run"), dryRun?.bool) ?? false,
            context: context.encoded(), requester: requester, requestID: question.requestID)
    }

    private static func either<Value: Equatable>(
        _ name: String, _ query: Value?, _ body: Value?
    ) throws(Rejection) -> Value? {
        if let query, let body, query != body { throw .badRequest("\(name) is another in the query than in the body") }
        return query ?? body
    }
}
