import Synchronization

/// The memory under one histogram: for each series that was written a row of bins per writing thread.
///
/// A row is made the first time it is written, so a histogram with many possible series costs what is used.
@usableFromInline
final class HistogramRows: @unchecked Sendable {
    // Safe to share: the pointers are set once, every access goes through an `Atomic`, and the last owner frees all.
    private let starts: UnsafePointer<UInt16>
    private let uppers: UnsafePointer<Int>
    private let binCount: Int
    private let series: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Series>?>>
    private let written = Atomic(0)
    private let overflowed = Atomic(0)
    let layout: HistogramLayout
    /// Series beside the one that takes what is beyond the ceiling.
    let count: Int

    /// Most series of one family that have numbers of their own; what is beyond is counted as `_other`.
    static let maxSeries = 200

    /// The rows of one series, and its exemplars.
    struct Series: ~Copyable {
        let rows: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Atomic<Int>>?>>
        let exemplars: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Atomic<UInt64>>?>>
    }

    static let rowLimit = MetricWriter.limit + 1

    init(_ layout: HistogramLayout, count: Int) {
        self.layout = layout
        self.count = count
        // Rows of the layout, which lives as long as this does.
        starts = layout.starts.baseAddress!
        uppers = layout.uppers.baseAddress!
        binCount = layout.binCount
        series = .allocate(capacity: count + 1)
        for index in 0...count { (series + index).initialize(to: Atomic(nil)) }
    }

    deinit {
        for index in 0...count {
            guard let pointer = series[index].load(ordering: .acquiring) else { continue }
            free(pointer)
        }
        series.deinitialize(count: count + 1)
        series.deallocate()
    }

    /// Counts one value.
    ///
    /// - Parameters:
    ///   - value: in fine units; below zero counts as zero.
    ///   - index: the series.
    @usableFromInline
    func record(_ value: Int, at index: Int, row: Int) {
        let value = max(0, value)
        let bin = bin(value)
        let cells = cells(row, of: touched(index))
        if row > 0 {
            cells[bin].store(cells[bin].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            cells[binCount].store(cells[binCount].load(ordering: .relaxed) &+ value, ordering: .relaxed)
        } else {
            cells[bin].wrappingAdd(1, ordering: .relaxed)
            cells[binCount].wrappingAdd(value, ordering: .relaxed)
        }
    }

    /// Counts one value and keeps what made it.
    @usableFromInline
    func record(_ value: Int, at index: Int, exemplar: Exemplar, row: Int) {
        record(value, at: index, row: row)
        let bucket = layout.classic[bin(max(0, value))]
        keep(exemplar, max(0, value), bucket: bucket, of: touched(index), row: row)
    }

    /// The bin a value lies in: the first of its sixteenth of a doubling, or one of the next few.
    @inline(__always)
    func bin(_ value: Int) -> Int {
        guard value > 0 else { return 0 }
        let zeros = value.leadingZeroBitCount
        let sixteenth = Int(truncatingIfNeeded: (UInt64(bitPattern: Int64(value)) &<< UInt64(zeros)) &>> 59) & 15
        var bin = Int(starts[(63 &- zeros) &<< 4 | sixteenth])
        while value > uppers[bin] { bin &+= 1 }
        return bin
    }

    /// Values counted as `_other` because the family has no room for another series.
    var overflow: Int { overflowed.load(ordering: .relaxed) }

    func countOverflow() { overflowed.wrappingAdd(1, ordering: .relaxed) }

    func isWritten(_ index: Int) -> Bool { series[index].load(ordering: .relaxed) != nil }

    /// Adds the bins of a series to `counts`, which has one element more than there are bins, for the sum.
    func add(at index: Int, to counts: inout [Int]) {
        guard let mine = series[index].load(ordering: .acquiring) else { return }
        for writer in 0..<Self.rowLimit {
            guard let row = mine.pointee.rows[writer].load(ordering: .acquiring) else { continue }
            for bin in 0...layout.binCount { counts[bin] &+= row[bin].load(ordering: .relaxed) }
        }
    }

    /// The newest exemplar of each classic bucket.
    func exemplars(at index: Int) -> [ExemplarSlot.Content?] {
        guard let mine = series[index].load(ordering: .acquiring) else { return [] }
        var newest: [ExemplarSlot.Content?] = []
        for writer in 0..<Self.rowLimit {
            guard let slots = mine.pointee.exemplars[writer].load(ordering: .acquiring) else { continue }
            if newest.isEmpty { newest = Array(repeating: nil, count: layout.bucketCount) }
            for bucket in newest.indices {
                guard let content = ExemplarSlot.read(slots + bucket * ExemplarSlot.words) else { continue }
                if newest[bucket].map({ $0.milliseconds < content.milliseconds }) ?? true { newest[bucket] = content }
            }
        }
        return newest
    }

    // MARK: Rows are made when first written

    @inline(__always)
    private func touched(_ index: Int) -> UnsafeMutablePointer<Series> {
        precondition(index <= count)
        if let pointer = series[index].load(ordering: .acquiring) { return pointer }
        return touchedFirst(index)
    }

    @inline(never)
    private func touchedFirst(_ index: Int) -> UnsafeMutablePointer<Series> {
        if index < count, written.wrappingAdd(1, ordering: .relaxed).newValue > Self.maxSeries {
            written.wrappingSubtract(1, ordering: .relaxed)
            overflowed.wrappingAdd(1, ordering: .relaxed)
            return touched(count)
        }
        let new = UnsafeMutablePointer<Series>.allocate(capacity: 1)
        let rows = UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Atomic<Int>>?>>.allocate(capacity: Self.rowLimit)
        let slots = UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Atomic<UInt64>>?>>.allocate(
            capacity: Self.rowLimit)
        for writer in 0..<Self.rowLimit {
            (rows + writer).initialize(to: Atomic(nil))
            (slots + writer).initialize(to: Atomic(nil))
        }
        new.initialize(to: Series(rows: rows, exemplars: slots))
        let (isMine, theirs) = series[index].compareExchange(
            expected: nil, desired: new, ordering: .acquiringAndReleasing)
        if isMine { return new }
        free(new)
        if index < count { written.wrappingSubtract(1, ordering: .relaxed) }
        return theirs!  // the exchange fails only when somebody else has put one there
    }

    @inline(__always)
    private func cells(_ writer: Int, of mine: UnsafeMutablePointer<Series>) -> UnsafeMutablePointer<Atomic<Int>> {
        mine.pointee.rows[writer].load(ordering: .acquiring) ?? makeRow(writer, of: mine)
    }

    @inline(never)
    private func makeRow(_ writer: Int, of mine: UnsafeMutablePointer<Series>) -> UnsafeMutablePointer<Atomic<Int>> {
        let row = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: layout.binCount + 1)
        for bin in 0...layout.binCount { (row + bin).initialize(to: Atomic(0)) }
        let (isMine, theirs) = mine.pointee.rows[writer].compareExchange(
            expected: nil, desired: row, ordering: .acquiringAndReleasing)
        if isMine { return row }
        row.deallocate()
        return theirs!  // the exchange fails only when somebody else has put one there
    }

    @inline(never)
    private func keep(
        _ exemplar: Exemplar, _ value: Int, bucket: Int, of mine: UnsafeMutablePointer<Series>, row: Int
    ) {
        let cell = mine.pointee.exemplars + row
        var slots = cell.pointee.load(ordering: .acquiring)
        if slots == nil {
            let words = layout.bucketCount * ExemplarSlot.words
            let new = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: words)
            for word in 0..<words { (new + word).initialize(to: Atomic(0)) }
            let (isMine, theirs) = cell.pointee.compareExchange(
                expected: nil, desired: new, ordering: .acquiringAndReleasing)
            if !isMine { new.deallocate() }
            slots = isMine ? new : theirs
        }
        guard let slots else { return }
        ExemplarSlot.write(exemplar, value: value, to: slots + bucket * ExemplarSlot.words)
    }

    private func free(_ pointer: UnsafeMutablePointer<Series>) {
        for writer in 0..<Self.rowLimit {
            pointer.pointee.rows[writer].load(ordering: .acquiring)?.deallocate()
            pointer.pointee.exemplars[writer].load(ordering: .acquiring)?.deallocate()
        }
        pointer.pointee.rows.deallocate()
        pointer.pointee.exemplars.deallocate()
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
