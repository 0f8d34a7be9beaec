/// Lines that were found.
public struct LogPage: Sendable {
    /// JSON objects without line feeds, newest first.
    public var lines: [[UInt8]] = []
    /// Where the next page begins, for `LogFilter.before`; nil when there is no more.
    public var next: LogCursor?
    /// Whether the reading stopped at its limit: further pages may hold more although this one is not full.
    public var isTruncated = false
    /// Whether lines were passed over that no further page holds: a compressed file is read from its beginning, and this
    /// one is longer than is read for a page.
    public var isIncomplete = false

    public init() {}
}

/// Looks for lines in memory and then, if wanted, in files from the newest to the oldest.
struct LogSearch {
    /// Most bytes read from files for one page, before compression.
    static let maxBytes = 64 * 1024 * 1024
    /// How much later than it was made a line may have been written: files are chosen with this to spare.
    private static let slack = 60_000_000
    /// The same for the place inside a file: how far lines may be out of order.
    private static let disorder = 2_000_000

    private struct Found {
        var place: LogCursor
        var line: [UInt8]
    }

    private let filter: LogFilter
    private let matcher: LogMatcher
    private let limit: Int
    private let maxBytes: Int
    private var budget: Int
    private var found: [Found] = []
    private var page = LogPage()

    init(_ filter: LogFilter, maxBytes: Int = LogSearch.maxBytes) {
        self.filter = filter
        self.maxBytes = maxBytes
        budget = maxBytes
        matcher = LogMatcher(filter)
        limit = max(1, min(filter.limit, LogFilter.maxLines))
    }

    /// - Parameters:
    ///   - memory: oldest first, with line feeds.
    ///   - files: what to go on in; nil looks in memory only.
    mutating func page(in memory: ArraySlice<[UInt8]>, then files: LogArchive?) -> LogPage {
        for line in memory {
            let line = line.dropLast()
            if let place = matcher.match(line) { found.append(Found(place: place, line: Array(line))) }
        }
        sortFound()
        if let files, filter.includesFiles, found.count <= limit { search(files, besides: memory) }
        page.lines = found.prefix(limit).map(\.line)
        if found.count > limit { page.next = found[limit - 1].place }
        return page
    }

    private mutating func search(_ archive: LogArchive, besides memory: ArraySlice<[UInt8]>) {
        let known = Set(memory.compactMap { LogMatcher.place($0.dropLast()).map(\.description) })
        let files = archive.all
        let latest = min(filter.to ?? .max, filter.before?.time ?? .max)
        for (index, file) in files.enumerated().reversed() {
            let begun = index > 0 ? files[index - 1].putAside : nil
            if let begun, latest < begun - Self.slack { continue }
            if let from = filter.from, let ended = file.putAside, ended < from { return }
            guard read(file, before: latest, besides: known) else { return }
            if found.count > limit { return }
        }
    }

    /// - Returns: false when the budget is used up.
    private mutating func read(_ file: LogArchive.File, before latest: Int, besides known: Set<String>) -> Bool {
        guard budget > 0 else { return stop(Self.end(of: file)) }
        let span = file.isCompressed ? (start: 0, end: Int.max) : LogSpan.of(file.path, until: latest, Self.disorder)
        let start = max(span.start, span.end == .max ? 0 : span.end - budget)
        // What is compressed can only be read from its beginning: it is left for the next page if it may not fit.
        if file.isCompressed && budget < maxBytes && !fits(file) {
            return stop(Self.end(of: file))
        }
        var mine: [Found] = []
        var earliest: LogCursor?
        var isPast = false
        let isCompressed = file.isCompressed
        let end = latest < .max - Self.disorder ? latest + Self.disorder : .max
        let limit = limit
        let matcher = matcher
        do {
            let reader = try LogReader(path: file.path, offset: start)
            let read = reader.forEachLine(limit: min(budget, span.end - start)) { line in
                if start > 0 && earliest == nil {
                    earliest = LogMatcher.place(line)
                    // The first line may be half a line; then it stands nowhere, and the next one is looked at.
                    guard earliest != nil else { return true }
                }
                if isCompressed, let time = LogScanner.time(of: line) {
                    if earliest == nil { earliest = LogMatcher.place(line) }
                    // What is wanted lies before it: that the file goes on is of no matter.
                    isPast = time > end
                    if isPast { return false }
                }
                guard let place = matcher.match(line), !known.contains(place.description) else { return true }
                mine.append(Found(place: place, line: Array(line)))
                if mine.count > 4 * limit {
                    mine.sort { $0.place > $1.place }
                    mine.removeLast(mine.count - limit - 1)
                }
                return true
            }
            budget -= read.bytes
            found += mine
            sortFound()
            let isCut = isCompressed && !read.isAll && !isPast
            if isCut { page.isIncomplete = true }
            if start > 0 || isCut {
                // Should it not get behind where it began, there is no use in going on from there.
                return stop(earliest.flatMap { place in filter.before.map { place < $0 } ?? true ? place : nil })
            }
        } catch {
            // Removed between listing and opening, by retention or by hand: there is nothing in it any more.
        }
        return true
    }

    private func fits(_ file: LogArchive.File) -> Bool {
        LogSpan.uncompressedBytes(file.path).map { $0 <= budget } ?? false
    }

    /// Behind all that was made before a file was put aside.
    private static func end(of file: LogArchive.File) -> LogCursor? {
        file.putAside.map { LogCursor(time: $0 + 1, number: 0) }
    }

    /// - Parameter place: behind which nothing was looked at.
    private mutating func stop(_ place: LogCursor?) -> Bool {
        page.isTruncated = true
        page.next = place ?? found.last?.place
        return false
    }

    private mutating func sortFound() { found.sort { $0.place > $1.place } }
}
