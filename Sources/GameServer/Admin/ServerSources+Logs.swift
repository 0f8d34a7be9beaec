import Observability
import PluginAPI

extension ServerSources {
    func logs(_ question: LogQuestion, answer: @escaping Answer) {
        // What was logged before the question was asked is found; when the log is behind, what is there has to do.
        logger.flush(within: .milliseconds(500))
        answer(.page(logger.search(question.filter)))
    }

    func tail(_ filter: LogQuestion, deliver: @escaping @Sendable ([UInt8]) -> Bool) -> (any FollowedLog)? {
        logger.tail(filter.filter, deliver: deliver).map { Followed(tail: $0) }
    }

    private struct Followed: FollowedLog {
        let tail: LogTail
        func end() { tail.cancel() }
        var lost: Int { tail.lost }
    }
}

extension Finding {
    /// Lines of the log, newest first, and where the next page begins.
    static func page(_ page: LogPage) -> Finding {
        var report = ObjectText()
        report.add("lines", json: page.lines)
        report.add("has_more", page.next != nil)
        if let next = page.next { report.add("next", next.description) }
        report.add("truncated", page.isTruncated)
        report.add("incomplete", page.isIncomplete)
        return .json(report.closed())
    }
}
