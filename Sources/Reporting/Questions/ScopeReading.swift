internal import Scopes
package import UsageModel

/// What one snapshot of the database says about a list of questions: everything that their answers are made from.
///
/// Reading and evaluating are apart so that no connection is held while a scope is evaluated:
/// ``init(_:knownAt:visibility:from:)`` runs inside the snapshot, ``results()`` after it.
package struct ScopeReading: Sendable {
    /// One question's sums, and how they were told apart.
    private struct Sums: Sendable {
        var plan: SumPlan
        var rows: [FilteredSumRow]
    }

    private let questions: [ScopeQuestion]
    private let position: UInt64
    private let knownAt: Timestamp
    private let facts: FactBook
    private let sums: [Result<Sums, ScopeRefusal>]

    /// Reads what the questions need. A question that can't be answered from the sums that are kept is refused; the
    /// others are read all the same.
    ///
    /// - Parameters:
    ///   - questions: at least one.
    ///   - knownAt: what was recorded by then counts; `nil` for now.
    ///   - visibility: what the sums are restricted to.
    package init(
        _ questions: [ScopeQuestion], knownAt: Timestamp?, visibility: Visibility, from snapshot: some ReportSnapshot
    ) throws {
        precondition(!questions.isEmpty, "no question")
        let known = try knownAt ?? snapshot.knownMoment()
        let facts = try Self.facts(for: questions, known: known, from: snapshot)
        let plans = try questions.map { question in
            try ScopeRefusal.result(question.scope) {
                let granularity = question.scope.granularity(with: facts, over: Self.days(of: question.period))
                return try SumPlan(question, granularity: granularity, calendar: snapshot.calendar)
            }
        }
        sums = try Self.sums(of: plans, known: known, visibility: visibility, from: snapshot)
        position = try snapshot.position()
        self.questions = questions
        self.knownAt = known
        self.facts = facts
    }

    /// Reads cubes for all plans that they answer at once, and the others one by one from tenants' sums.
    private static func sums(
        of plans: [Result<SumPlan, ScopeRefusal>], known: Timestamp, visibility: Visibility,
        from snapshot: some ReportSnapshot
    ) throws -> [Result<Sums, ScopeRefusal>] {
        let counting = plans.indices.filter { (try? plans[$0].get())?.scope.countsUsage == true }
        let coverage = counting.isEmpty ? CubeCoverage() : try snapshot.cubeCoverage(known: known)
        var covered: [(plan: SumPlan, calendar: Int16)] = []
        var places: [Int] = []
        for index in counting {
            guard let plan = try? plans[index].get(),
                let calendar = coverage.calendar(of: plan, reporting: snapshot.calendar)
            else { continue }
            covered.append((plan, calendar))
            places.append(index)
        }
        var read: [Int: [FilteredSumRow]] = [:]
        for (reading, positions) in CubeReading.readings(of: covered) {
            let rows = try snapshot.cubes(reading, known: known, visibility: visibility)
            for (position, rows) in zip(positions, reading.rows(from: rows)) { read[places[position]] = rows }
        }
        return try plans.enumerated().map { index, result in
            switch result {
            case .failure(let refusal): return .failure(refusal)
            case .success(let plan):
                if let rows = read[index] { return .success(Sums(plan: plan, rows: rows)) }
                return try ScopeRefusal.result(plan.scope) {
                    try sums(of: plan, known: known, visibility: visibility, from: snapshot)
                }
            }
        }
    }

    private static func sums(
        of plan: SumPlan, known: Timestamp, visibility: Visibility, from snapshot: some ReportSnapshot
    ) throws -> Sums {
        if case .hours(let seconds, _) = plan.days {
            try UsageBucket.hour.requireKept(from: seconds.lowerBound, keptFrom: try snapshot.keptFrom(.hour))
        }
        guard plan.scope.countsUsage else { return Sums(plan: plan, rows: []) }
        return Sums(plan: plan, rows: try snapshot.sums(plan, known: known, visibility: visibility))
    }

    /// What the questions' scopes read of the facts, for all of their periods at once.
    private static func facts(
        for questions: [ScopeQuestion], known: Timestamp, from snapshot: some ReportSnapshot
    ) throws -> FactBook {
        let kinds = questions.reduce(into: Set<FactKind>()) { $0.formUnion($1.scope.readFacts) }
        let days = questions.map { Self.days(of: $0.period) }
        guard let from = days.map(\.lowerBound).min(), let to = days.map(\.upperBound).max() else { return FactBook() }
        return try snapshot.factBook(kinds, over: from..<to, known: known)
    }

    /// The days of the reporting calendar that a period may touch in whatever zone, from the start of its first month
    /// on, since a free quota may have been used up before the period.
    private static func days(of period: Period) -> Range<CalendarDate> {
        let margin: Int64 = 1
        let from = Period.month(of: period.from).from
        return CalendarDate(days: from.days - margin)..<CalendarDate(days: period.to.days + margin)
    }

    /// Evaluates every question; one that is refused doesn't spoil the others.
    ///
    /// - Complexity: O(*rows*) over all questions. Needs no connection.
    package func results() throws -> ScopeResults {
        let results = try zip(questions, sums).map { question, sums -> Result<ShareTable, ScopeRefusal> in
            switch sums {
            case .failure(let refusal): .failure(refusal)
            case .success(let sums):
                try ScopeRefusal.result(question.scope) {
                    try ShareTable(
                        scope: question.scope, period: question.period, filtered: sums.rows,
                        segments: sums.plan.segments, facts: facts)
                }
            }
        }
        return ScopeResults(position: position, knownAt: knownAt, results: results)
    }
}
