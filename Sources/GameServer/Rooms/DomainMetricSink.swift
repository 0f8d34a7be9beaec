import PluginAPI

/// Takes what games counted, once the record of the step is stored. Called on the loop; never blocks, never fails.
protocol DomainMetricSink: AnyObject {
    /// - Parameter game: the game's place among the installed ones.
    func observed(_ observations: Observations, ofGame game: Int)
    /// - Parameter middleware: its place among the installed ones.
    func observed(_ observations: Observations, ofMiddleware middleware: Int)
}
