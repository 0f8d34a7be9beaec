import PluginAPI

/// Surveys of all rooms for whoever asks: one at a time, and everybody who asks while it runs shares the next, which
/// has also seen what happened since. Lives on the loop.
final class RoomSurveys {
    /// Nil when somebody who was asked gave no answer.
    typealias Answer = (RoomSurvey?) -> Void

    /// Most that wait, for a survey or for what the desk makes of it: each may hold every room's numbers.
    static let maxAsking = 16

    private let survey: (@escaping Answer) -> Void
    private var isRunning = false
    /// Those the next survey is for.
    private var waiting: [Answer] = []
    private var asking = 0

    /// - Parameter survey: looks at every room once.
    init(_ survey: @escaping (@escaping Answer) -> Void) { self.survey = survey }

    /// - Parameter then: has to see to it that `finished` is called once nothing of the survey is needed any more, and
    ///   does not wait for anybody else with that.
    /// - Returns: false when too many ask.
    func ask(_ then: @escaping Answer) -> Bool {
        guard asking < Self.maxAsking else { return false }
        asking += 1
        waiting.append(then)
        if !isRunning { next() }
        return true
    }

    func finished() { asking -= 1 }

    private func next() {
        let those = waiting
        waiting = []
        isRunning = true
        survey { [self] survey in
            isRunning = false
            for answer in those { answer(survey) }
            if !isRunning, !waiting.isEmpty { next() }
        }
    }
}
