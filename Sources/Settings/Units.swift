/// How durations and sizes are written.
enum Units {
    /// Units of time by their suffix, in milliseconds, longest suffix first.
    private static let time: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Units of size by their suffix, in bytes, longest suffix first.
    private static let size: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("PiB", 1 << 50),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("PB", 1_000_000_000_000_000), ("B", 1),
    ]

    static func readDuration(_ text: String, in range: ClosedRange<Duration>) throws(InvalidValue) -> Duration {
        for unit in time where text.hasSuffix(unit.suffix) {
            guard let number = wholeNumber(text.dropLast(unit.suffix.count)) else { continue }
            let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
            guard !overflow, range.contains(.milliseconds(milliseconds)) else {
                throw InvalidValue(
                    "\(text) is out of range",
                    remedy: "give \(describe(range.lowerBound)) to \(describe(range.upperBound))")
            }
            return .milliseconds(milliseconds)
        }
        throw InvalidValue(
            "\"\(text)\" is not a duration", remedy: "give a whole number with a unit: 250ms, 10s, 5m, 12h or 400d")
    }

    static func readBytes(_ text: String, in range: ClosedRange<Int>) throws(InvalidValue) -> Int {
        let unit = size.first { text.hasSuffix($0.suffix) }
        guard let number = wholeNumber(text.dropLast(unit?.suffix.count ?? 0)), let count = Int(exactly: number) else {
            throw InvalidValue(
                "\"\(text)\" is not a size",
                remedy: "give a whole number of bytes, or one with a unit: 64KiB, 16MiB, 1GB")
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        guard !overflow, range.contains(bytes) else {
            throw InvalidValue(
                "\(text) is out of range", remedy: "give \(range.lowerBound) to \(range.upperBound) bytes")
        }
        return bytes
    }

    private static func wholeNumber(_ text: Substring) -> Int64? {
        let digits = text.last == " " ? text.dropLast() : text
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int64(digits)
    }

    /// A duration in the largest unit that divides it.
    static func describe(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "0s" }
        let unit = time.last { milliseconds % $0.milliseconds == 0 } ?? time[0]
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }

    /// A size in the largest binary unit that divides it.
    static func describe(bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = size.prefix(5).last { bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.suffix)" } ?? String(bytes)
    }

    /// A number with its digits in groups of three.
    static func grouped(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}

extension Duration {
    package static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
    package static func hours(_ count: Int64) -> Duration { .seconds(count * 3_600) }
    package static func minutes(_ count: Int64) -> Duration { .seconds(count * 60) }
}
