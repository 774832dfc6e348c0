internal import UsageModel

/// Which records of a source are for counting: `only` and `except`.
///
/// A condition is a path, alone or compared with values:
/// - `error`: there is a value other than `null`, an empty string, an empty CSV cell, `false`, `[]` and `{}`.
/// - `type = chat | completion`: the value is one of these. `!=` is the opposite, also where there is no value.
/// - `status < 400`, with `<`, `<=`, `>` and `>=`: the value is a number, or text that is one, and compares so.
///
/// What is written as a number equals a number of the same value (`200` and `200.0`) and text of the same characters;
/// `true`, `false` and other words equal text of the same bytes, and the first two the JSON literal; `null` equals
/// `null`, and a value that is missing. What stands in single quotes equals text only.
struct RecordFilter: Sendable {
    /// The most bytes of a value that a condition compares.
    static let maxValueBytes = 1_024

    enum Comparison: Sendable {
        case isThere
        case equals
        case differs
        case isLess, isAtMost, isMore, isAtLeast
    }

    struct Value: Sendable {
        var text: [UInt8]
        /// Whether it stood in quotes, so that it equals text only.
        var isQuoted: Bool
        /// What it is as a number, if it is one.
        var number: ExactNumber?
    }

    struct Condition: Sendable {
        var source: Int
        var comparison: Comparison
        var values: [Value]
    }

    /// All of these must hold.
    var only: [Condition] = []
    /// None of these may hold.
    var except: [Condition] = []

    var isEmpty: Bool { only.isEmpty && except.isEmpty }

    /// Whether the record is left out.
    ///
    /// - Parameter spelled: room to spell out text with escapes, of ``maxValueBytes`` and four.
    func leavesOut(_ record: RawSpan, _ values: borrowing RecordValues, spelled: inout [UInt8]) -> Bool {
        for condition in only where !condition.holds(record, values, spelled: &spelled) { return true }
        for condition in except where condition.holds(record, values, spelled: &spelled) { return true }
        return false
    }
}

extension RecordFilter.Condition {
    func holds(_ record: RawSpan, _ found: borrowing RecordValues, spelled: inout [UInt8]) -> Bool {
        let slot = found.slot(source)
        switch comparison {
        case .isThere: return slot.map { Self.isThere($0, record) } ?? false
        case .equals: return equals(slot, record, spelled: &spelled)
        case .differs: return !equals(slot, record, spelled: &spelled)
        default:
            guard let slot, let number = Self.number(slot, record), let wanted = values.first?.number else {
                return false
            }
            return switch comparison {
            case .isLess: number.isLess(than: wanted)
            case .isAtLeast: !number.isLess(than: wanted)
            case .isMore: wanted.isLess(than: number)
            default: !wanted.isLess(than: number)
            }
        }
    }

    private static func isThere(_ slot: RecordValues.Slot, _ record: RawSpan) -> Bool {
        switch slot.kind {
        case .text, .escapedText, .bareText, .doubledQuotes: slot.count > 0
        case .boolean: record.peek(Int(slot.start)) == UInt8(ascii: "t")
        // An empty one may hold blanks: those who write them mean nothing by it.
        case .array, .object: slot.number != 0
        default: true
        }
    }

    private static func number(_ slot: RecordValues.Slot, _ record: RawSpan) -> ExactNumber? {
        switch slot.kind {
        case .integer, .negativeInteger, .fraction, .text, .bareText:
            ExactNumber(record, from: Int(slot.start), to: Int(slot.start) + Int(slot.count))
        default: nil
        }
    }

    private func equals(_ slot: RecordValues.Slot?, _ record: RawSpan, spelled: inout [UInt8]) -> Bool {
        guard let slot else { return values.contains { !$0.isQuoted && $0.text.elementsEqual("null".utf8) } }
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        switch slot.kind {
        case .integer, .negativeInteger, .fraction:
            let number = Self.number(slot, record)
            return number != nil && values.contains { !$0.isQuoted && $0.number == number }
        case .boolean:
            return values.contains { !$0.isQuoted && Self.equals(record, from: start, to: end, $0.text) }
        case .text, .bareText:
            return values.contains { Self.equals(record, from: start, to: end, $0.text) }
        case .escapedText, .doubledQuotes:
            let room = RecordFilter.maxValueBytes
            let count =
                slot.kind == .escapedText
                ? Unescape.json(record, from: start, to: end, into: &spelled, at: 0, room: room)
                : Unescape.csv(record, from: start, to: end, into: &spelled, at: 0, room: room)
            return count >= 0 && values.contains { spelled[..<count].elementsEqual($0.text) }
        case .array, .object, .nanoseconds: return false
        }
    }

    private static func equals(_ record: RawSpan, from start: Int, to end: Int, _ text: [UInt8]) -> Bool {
        guard end - start == text.count else { return false }
        for offset in 0..<text.count where record.peek(start + offset) != text[offset] { return false }
        return true
    }
}
