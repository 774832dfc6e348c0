internal import Postgres
internal import Scopes
package import UsageModel

extension StoreSession {
    /// See ``Store/answers(to:knownAt:visibility:)``. Must run in a transaction with one snapshot, which it restricts.
    package func answers(
        to questions: [ScopeQuestion], calendar: ZoneRules, knownAt: Timestamp?, visibility: Visibility
    ) throws -> ScopeAnswers {
        precondition(!questions.isEmpty, "no question")
        let known: Timestamp = try knownAt ?? knownMoment()
        try restrict(to: visibility)
        let book = try factBook(for: questions, known: known)
        let tables = try questions.map { question in
            let (scope, period) = (question.scope, question.period)
            let granularity = scope.granularity(with: book, over: Self.days(of: period))
            let source = try ScopeSource(scope, period, granularity: granularity, calendar: calendar)
            if case .hours(let seconds, _) = source.days { try checkFloor(of: .hour, from: seconds.lowerBound) }
            let rows =
                scope.countsUsage
                ? try sums(under: scope, of: source, granularity: granularity, known: known, visibility: visibility)
                : []
            return try ShareTable(
                scope: scope, period: period, filtered: rows, segments: source.segments, facts: book)
        }
        return ScopeAnswers(position: try position(), knownAt: known, tables: tables)
    }

    /// What the questions' scopes read of the facts, for all of their periods at once.
    private func factBook(for questions: [ScopeQuestion], known: Timestamp) throws -> FactBook {
        let kinds = questions.reduce(into: Set<FactKind>()) { $0.formUnion($1.scope.readFacts) }
        let days = questions.map { Self.days(of: $0.period) }
        guard let from = days.map(\.lowerBound).min(), let to = days.map(\.upperBound).max() else { return FactBook() }
        return try factBook(kinds, over: from..<to, known: known)
    }

    /// The days of the reporting calendar that a period may touch in whatever zone, from the start of its first month on,
    /// since an allowance may have been used up before the period.
    private static func days(of period: Period) -> Range<CalendarDate> {
        let margin: Int64 = 1
        let from = Period.month(of: period.from).from
        return CalendarDate(days: from.days - margin)..<CalendarDate(days: period.to.days + margin)
    }
}
