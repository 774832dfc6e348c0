internal import UsageModel

/// Why a text is no period, with what would be one.
package struct PeriodError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case unreadable, noSuchMonth, noSuchQuarter, noSuchHalf, noSuchDate, emptyRange
    }

    package let code: Code
    /// What was given, cut to a few dozen characters.
    package let text: String

    package init(_ code: Code, text: String) {
        self.code = code
        self.text = String(text.prefix(40))
    }

    package static let accepted =
        "use a month (2025-06), a quarter (2025-Q2), a half (2025-H1), a year (2025) or two dates, "
        + "the second not included (2025-06-01/2025-06-16)"

    package var description: String {
        switch code {
        case .unreadable: "'\(text)' is not a period: \(Self.accepted)"
        case .noSuchMonth: "'\(text)' names no month: months are 01 to 12"
        case .noSuchQuarter: "'\(text)' names no quarter: quarters are Q1 to Q4"
        case .noSuchHalf: "'\(text)' names no half-year: halves are H1 and H2"
        case .noSuchDate: "'\(text)' names a day that doesn't exist: write dates as YYYY-MM-DD"
        case .emptyRange: "'\(text)' holds no day: the second date must come after the first and is not included"
        }
    }
}

extension Period {
    /// Parses `2025-06`, `2025-Q2`, `2025-H1`, `2025` or `2025-06-01/2025-06-16`.
    package init(_ text: String) throws(PeriodError) {
        if let slash = text.firstIndex(of: "/") {
            self = try Self.dates(text[..<slash], text[text.index(after: slash)...], text: text)
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let year = Self.number(parts[0], digits: 4), year > 0 else {
            throw PeriodError(CalendarDate(text) == nil ? .unreadable : .emptyRange, text: text)
        }
        self = parts.count == 1 ? .year(year) : try Self.part(parts[1], of: year, text: text)
    }

    /// A calendar year.
    package static func year(_ year: Int) -> Period {
        months(12, granularity: .year, year: year, firstMonth: 1)
    }

    /// A period from the two optional parameters of a query, which must be dates.
    package init(from: String, to: String) throws(PeriodError) {
        self = try Self.dates(from[...], to[...], text: "\(from)/\(to)")
    }

    private static func dates(_ from: Substring, _ to: Substring, text: String) throws(PeriodError) -> Period {
        guard let first = CalendarDate(String(from)), let last = CalendarDate(String(to)) else {
            throw PeriodError(.noSuchDate, text: text)
        }
        return try Period(from: first, to: last)
    }

    private static func part(_ part: Substring, of year: Int, text: String) throws(PeriodError) -> Period {
        switch part.first {
        case "Q", "q":
            guard let quarter = number(part.dropFirst(), digits: 1) else { break }
            guard (1...4).contains(quarter) else { throw PeriodError(.noSuchQuarter, text: text) }
            return months(3, granularity: .quarter, year: year, firstMonth: quarter * 3 - 2)
        case "H", "h":
            guard let half = number(part.dropFirst(), digits: 1) else { break }
            guard (1...2).contains(half) else { throw PeriodError(.noSuchHalf, text: text) }
            return months(6, granularity: .half, year: year, firstMonth: half * 6 - 5)
        default:
            guard let month = number(part, digits: 2) else { break }
            guard (1...12).contains(month) else { throw PeriodError(.noSuchMonth, text: text) }
            return .month(year: year, month: month)
        }
        throw PeriodError(.unreadable, text: text)
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int(text)
    }
}
