import Glibc

/// A small file of the kernel's, read whole into memory that is used again.
struct SystemFile {
    private var buffer: [UInt8] = Array(repeating: 0, count: 32 * 1024)

    /// Reads at most 32 KiB of the file and hands it over; nil when it cannot be read.
    mutating func read<Result>(_ path: String, _ parse: (Slice<UnsafeBufferPointer<UInt8>>) -> Result?) -> Result? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var count = 0
        while count < buffer.count {
            let got = buffer.withUnsafeMutableBytes { Glibc.read(fd, $0.baseAddress! + count, $0.count - count) }
            guard got > 0 else { break }
            count += got
        }
        return buffer.withUnsafeBufferPointer { parse($0[..<count]) }
    }

    /// A file that holds one whole number; nil for words as `max`.
    mutating func number(_ path: String) -> Int? { read(path) { Numbers.first($0) } }

    /// The value behind a key at the beginning of a line.
    mutating func number(_ path: String, key: StaticString) -> Int? { read(path) { Numbers.value(of: key, in: $0) } }

    mutating func text(_ path: String) -> String? { read(path) { String(decoding: $0, as: UTF8.self) } }
}

/// Finds numbers in the kernel's text without making strings.
enum Numbers {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// The number the text begins with, blanks skipped.
    static func first(_ bytes: Bytes) -> Int? {
        var index = bytes.startIndex
        return next(bytes, &index)
    }

    /// The next word as a number; nil at the end of the line and for another word, which is skipped.
    static func next(_ bytes: Bytes, _ index: inout Int) -> Int? {
        while index < bytes.endIndex, isBlank(bytes[index]) { index += 1 }
        var isNegative = false
        if index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") {
            isNegative = true
            index += 1
        }
        var value = 0
        var isNumber = false
        while index < bytes.endIndex, (48...57).contains(bytes[index]) {
            let (tens, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = tens.addingReportingOverflow(Int(bytes[index] - 48))
            value = tooBig || tooMuch ? .max : sum
            isNumber = true
            index += 1
        }
        if index < bytes.endIndex, !isBlank(bytes[index]), bytes[index] != 10 {
            isNumber = false
            while index < bytes.endIndex, !isBlank(bytes[index]), bytes[index] != 10 { index += 1 }
        }
        return isNumber ? (isNegative ? -value : value) : nil
    }

    /// The number behind `key` where that begins a line; a colon behind the key is skipped.
    static func value(of key: StaticString, in bytes: Bytes) -> Int? {
        guard var index = position(after: key, in: bytes) else { return nil }
        return next(bytes, &index)
    }

    /// Where the text goes on behind a key at the beginning of a line.
    static func position(after key: StaticString, in bytes: Bytes) -> Int? {
        var line = bytes.startIndex
        while line < bytes.endIndex {
            if bytes.endIndex - line > key.utf8CodeUnitCount {
                let isKey = (0..<key.utf8CodeUnitCount).allSatisfy { bytes[line + $0] == key.utf8Start[$0] }
                let end = line + key.utf8CodeUnitCount
                if isKey, isBlank(bytes[end]) { return end }
                if isKey, bytes[end] == UInt8(ascii: ":") { return end + 1 }
            }
            guard let feed = bytes[line...].firstIndex(of: 10) else { return nil }
            line = feed + 1
        }
        return nil
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}
