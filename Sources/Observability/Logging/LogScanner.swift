/// Finds the members of a line without building anything: only as much JSON as our own lines use.
enum LogScanner {
    /// Calls `visit` with name and value of each member of the outermost object; values as they are written.
    ///
    /// - Parameter visit: false ends the scan.
    /// - Returns: false when it was ended, or when the line is no JSON object.
    static func members(
        of line: ArraySlice<UInt8>, _ visit: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool
    ) -> Bool {
        var index = line.startIndex
        let end = line.endIndex
        guard index < end, line[index] == UInt8(ascii: "{") else { return false }
        index += 1
        while index < end, line[index] == UInt8(ascii: "\"") {
            guard let nameEnd = endOfString(line, index), nameEnd < end, line[nameEnd] == UInt8(ascii: ":"),
                let valueEnd = endOfValue(line, nameEnd + 1)
            else { return false }
            guard visit(line[index + 1..<nameEnd - 1], line[nameEnd + 1..<valueEnd]) else { return false }
            index = valueEnd
            guard index < end, line[index] == UInt8(ascii: ",") else { break }
            index += 1
        }
        return index < end && line[index] == UInt8(ascii: "}")
    }

    /// When a line was made, by its first member: Unix time in microseconds.
    static func time(of line: ArraySlice<UInt8>) -> Int? {
        let head = "{\"timestamp\":\"".utf8
        guard line.count >= head.count + 27, line.prefix(head.count).elementsEqual(head) else { return nil }
        return Timestamp.microseconds(of: line.dropFirst(head.count).prefix(27))
    }

    static func number(_ digits: ArraySlice<UInt8>) -> Int? { Int(String(decoding: digits, as: UTF8.self)) }

    private static func endOfString(_ line: ArraySlice<UInt8>, _ start: Int) -> Int? {
        var index = start + 1
        while index < line.endIndex {
            switch line[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    private static func endOfValue(_ line: ArraySlice<UInt8>, _ start: Int) -> Int? {
        var index = start
        var depth = 0
        while index < line.endIndex {
            switch line[index] {
            case UInt8(ascii: "\""):
                guard let end = endOfString(line, index) else { return nil }
                index = end
                if depth == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index > start ? index : nil }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ",") where depth == 0: return index > start ? index : nil
            default: break
            }
            index += 1
        }
        return nil
    }
}
