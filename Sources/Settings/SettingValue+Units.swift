extension SettingKind {
    /// Units of time by their suffix, in milliseconds, longest suffix first.
    private static let timeUnits: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Units of size by their suffix, in bytes, longest suffix first.
    private static let sizeUnits: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("PiB", 1 << 50),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("PB", 1_000_000_000_000_000), ("B", 1),
    ]

    static func readDuration(_ text: String, _ range: ClosedRange<Duration>) throws(ValueProblem) -> Duration {
        for unit in timeUnits where text.hasSuffix(unit.suffix) {
            guard let number = wholeNumber(text.dropLast(unit.suffix.count)) else { continue }
            let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
            guard !overflow, range.contains(.milliseconds(milliseconds)) else {
                throw ValueProblem(
                    message: "\(text) is out of range",
                    remedy: "give \(describe(range.lowerBound)) to \(describe(range.upperBound))")
            }
            return .milliseconds(milliseconds)
        }
        throw ValueProblem(
            message: "\"\(text)\" is not a duration",
            remedy: "give a whole number with a unit: 250ms, 10s, 5m, 12h or 400d")
    }

    static func readBytes(_ text: String, _ range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        var factor = 1
        var digits = text[...]
        if let unit = sizeUnits.first(where: { text.hasSuffix($0.suffix) }) {
            factor = unit.bytes
            digits = text.dropLast(unit.suffix.count)
        }
        guard let number = wholeNumber(digits), let count = Int(exactly: number) else {
            throw ValueProblem(
                message: "\"\(text)\" is not a size",
                remedy: "give a whole number of bytes, or one with a unit: 64KiB, 16MiB, 1GB")
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, range.contains(bytes) else {
            throw ValueProblem(
                message: "\(text) is out of range",
                remedy: "give \(range.lowerBound) to \(range.upperBound) bytes")
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
        for unit in timeUnits.reversed() where milliseconds != 0 && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
        }
        return "\(milliseconds)ms"
    }
}
