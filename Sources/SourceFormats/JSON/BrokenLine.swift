internal import UsageModel

/// Finds what can still be counted of a line whose first record is broken.
///
/// A writer that dies leaves a record without its end, or zeros where it had not written yet, and the next one goes on
/// behind them in the same line. Where a line begins as an object and isn't one, objects count again from the first `{`
/// on from which the rest of the line is nothing but whole objects; what stands before goes to quarantine. An object
/// within a broken record is not taken for one of its own while anything of the broken one stands behind it; nor is
/// text, since quotes within strings are escaped and so begin no object. Every byte is in one piece, so nothing counts
/// twice.
enum BrokenLine {
    /// How many times its own length a line may be looked through, so that no line costs more than that.
    private static let maxPasses = 64

    /// Where the objects begin that a line ends with, behind a first one that is broken; `nil` where it doesn't begin
    /// as an object, or is one, or ends with none.
    static func objectsStart(_ line: RawSpan) -> Int? {
        let start = JSONText.skipSpace(line, 0)
        guard line.peek(start) == UInt8(ascii: "{"), objectEnd(line, start) == nil else { return nil }
        var budget = maxPasses * line.byteCount
        var index = start + 1
        while budget > 0 {
            index = line.firstIndex(of: UInt8(ascii: "{"), from: index)
            if index >= line.byteCount { return nil }
            if isNothingButObjects(line, from: index, &budget) { return index }
            index += 1
        }
        return nil
    }

    /// Where the object at `start` ends; `nil` where none begins there or it has no end.
    static func objectEnd(_ line: RawSpan, _ start: Int) -> Int? {
        guard line.peek(start) == UInt8(ascii: "{") else { return nil }
        return try? JSONText.skipValue(line, start, depth: 0)
    }

    /// Passes over zeros and white space.
    static func skipEmpty(_ line: RawSpan, from start: Int) -> Int {
        var index = start
        while index < line.byteCount {
            switch line.peek(index) {
            case 0, 0x20, 0x09, 0x0D: index += 1
            default: return index
            }
        }
        return index
    }

    private static func isNothingButObjects(_ line: RawSpan, from start: Int, _ budget: inout Int) -> Bool {
        var index = start
        while index < line.byteCount {
            guard line.peek(index) == UInt8(ascii: "{") else { return false }
            do throws(Fault) {
                let end = try JSONText.skipValue(line, index, depth: 0)
                budget -= end - index
                index = skipEmpty(line, from: end)
            } catch {
                budget -= max(1, Int(error.at) - index)
                return false
            }
        }
        return true
    }
}
