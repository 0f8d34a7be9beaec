/// One event as JSON text per viewer, in the order the viewers were named; hidden ones are `null`.
struct RenderedEvent: Sendable {
    let sequence: Int
    let views: [[UInt8]]
}
