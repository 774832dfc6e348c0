internal import TextFormats
internal import UsageModel

/// Checks the records of a facts file one by one and then against each other, collecting every mistake.
struct FactValidator {
    let kind: FactKind
    var problems: [FileProblem] = []
    private(set) var records: [Located<FactRecord>] = []
    private var columns: CSVColumns?

    init(_ kind: FactKind) {
        self.kind = kind
    }

    /// Takes the header; `false` when its columns don't allow the records to be read.
    mutating func readHeader(_ header: CSVRecord) -> Bool {
        columns = CSVColumns.read(
            header, needed: kind.columns.map(\.name), ignored: FactKind.recordColumns, problems: &problems)
        return columns != nil
    }

    /// Takes one record.
    mutating func read(_ record: CSVRecord) {
        guard let columns, columns.fits(record, problems: &problems) else { return }
        let before = problems.count
        let isTakenBack = isTakenBack(record, columns)
        var (subject, content): ([String], [String]) = ([], [])
        for column in kind.columns {
            let text = columns.value(column.name, record)
            switch column.role {
            case .key: subject.append(cell(text, column, record.line))
            case .value where text.isEmpty && isTakenBack: content.append("")
            case .value, .note: content.append(cell(text, column, record.line))
            case .period: subject.append(text)
            case .from, .to, .month: break
            }
        }
        guard let span = span(record, columns), problems.count == before else { return }
        var fact = FactRecord(
            kind: kind, subject: subject, effectiveFrom: span.from, effectiveTo: span.to, content: content)
        fact.nameItsPeriod()
        if let objection = fact.objection {
            report(record.line, objection.column, objection.message)
        } else {
            records.append(Located(statement: fact, line: record.line))
        }
    }

    /// Whether the record says in so many words that nothing is held: a cell that was only forgotten must not.
    private func isTakenBack(_ record: CSVRecord, _ columns: CSVColumns) -> Bool {
        kind.columns.allSatisfy { column in
            let text = columns.value(column.name, record)
            return switch column.role {
            case .value: text.isEmpty
            case .note: text.hasPrefix(FactKind.takenBack)
            default: true
            }
        }
    }

    /// Compares the records with each other: nothing may be said twice of one day.
    mutating func checkOverlaps() {
        for group in Dictionary(grouping: records, by: \.statement.key).values where group.count > 1 {
            for (first, second) in Located.overlaps(among: group) { reportOverlap(first, second) }
        }
        if kind == .prices { checkContexts() }
    }

    /// Prices of different context lengths of one thing may not share a length on a day.
    private mutating func checkContexts() {
        let groups = Dictionary(grouping: records) { FactRecord.key(Array($0.statement.subject.prefix(4))) }
        for group in groups.values where group.count > 1 {
            let sorted = group.sorted { $0.line < $1.line }
            for (index, first) in sorted.enumerated() {
                for second in sorted[(index + 1)...] where first.statement.pricesTheSame(as: second.statement) {
                    report(
                        second.line, "context_from",
                        "the context lengths overlap with those of line \(first.line) on the same days")
                }
            }
        }
    }

    private mutating func reportOverlap(_ first: Located<FactRecord>, _ second: Located<FactRecord>) {
        let subject = second.statement.subject.filter { !$0.isEmpty }.joined(separator: ", ")
        report(
            second.line, nil,
            first.statement == second.statement
                ? "the record repeats line \(first.line)"
                : "\(subject) from \(second.statement.span) overlaps line \(first.line) (\(first.statement.span)): "
                    + "a file says only one thing of a day")
    }

    private mutating func report(_ line: Int, _ column: String?, _ message: String) {
        problems.append(FileProblem(line: line, field: column, message: message))
    }

    /// The cell as it is kept; empty, and reported, where something is wrong with it.
    private mutating func cell(_ text: String, _ column: FactColumn, _ line: Int) -> String {
        if text.isEmpty {
            if !column.mayBeEmpty { report(line, column.name, "is empty") }
            return ""
        }
        do {
            return try column.syntax.canonical(text)
        } catch {
            report(line, column.name, error.message)
            return ""
        }
    }

    // MARK: When it holds

    private mutating func span(
        _ record: CSVRecord, _ columns: CSVColumns
    ) -> (from: CalendarDate, to: CalendarDate?)? {
        for column in kind.columns {
            let text = columns.value(column.name, record)
            switch column.role {
            case .from: return days(from: text, to: columns.value("effective_to", record), record.line)
            case .month: return period(text, column.name, record.line, isMonth: true)
            case .period: return period(text, column.name, record.line, isMonth: false)
            default: continue
            }
        }
        preconditionFailure("\(kind.rawValue) hold on no days")
    }

    private mutating func days(from: String, to: String, _ line: Int) -> (from: CalendarDate, to: CalendarDate?)? {
        let first = date(from, "effective_from", line)
        let last = to.isEmpty ? nil : date(to, "effective_to", line)
        guard let first, to.isEmpty || last != nil else { return nil }
        if let last, last <= first {
            report(
                line, "effective_to",
                "\(last) does not come after effective_from \(first): it is the first day that doesn't count any more")
            return nil
        }
        return (first, last)
    }

    private mutating func date(_ text: String, _ column: String, _ line: Int) -> CalendarDate? {
        switch CellText.date(text) {
        case .success(let date): return date
        case .failure(let problem):
            report(line, column, problem.message)
            return nil
        }
    }

    private mutating func period(
        _ text: String, _ column: String, _ line: Int, isMonth: Bool
    ) -> (from: CalendarDate, to: CalendarDate?)? {
        do throws(PeriodError) {
            let period = try Period(text)
            guard !isMonth || (period.granularity == .month && text == period.description) else {
                report(line, column, "'\(text.excerpt)' is no month: write YYYY-MM")
                return nil
            }
            return (period.from, period.to)
        } catch {
            report(line, column, isMonth ? "'\(text.excerpt)' is no month: write YYYY-MM" : error.description)
            return nil
        }
    }
}

extension FactRecord {
    /// Gives the period in its subject the one spelling that it is kept in.
    fileprivate mutating func nameItsPeriod() {
        guard let index = kind.subjectColumns.firstIndex(where: { $0.role == .period }), let effectiveTo,
            let period = try? Period(from: effectiveFrom, to: effectiveTo)
        else { return }
        subject[index] = period.description
    }

    /// What is wrong with cells that are right one by one.
    fileprivate var objection: (column: String, message: String)? {
        switch kind {
        case .rates where self["from_currency"] == self["to_currency"]:
            ("to_currency", "is the same currency: a rate is between two")
        case .prices where contextLengths.isEmpty:
            ("context_to", "does not come after context_from: it is the first length that the price isn't for")
        case .referenceTotals where !isTakenBack && !FactSyntax.isCurrency(self["unit"]):
            ["value", "precision"].first { self[$0].contains(".") }.map { ($0, "is a count: write a whole number") }
        default: nil
        }
    }

    /// The lengths that a price is for, in tokens of context.
    private var contextLengths: Range<UInt64> {
        let from = UInt64(self["context_from"]) ?? 0
        let to = UInt64(self["context_to"]) ?? .max
        return from..<max(from, to)
    }

    /// Whether both are prices of one thing, for context lengths that overlap on the same days, so that neither is the
    /// price.
    package func pricesTheSame(as other: FactRecord) -> Bool {
        kind == .prices && other.kind == .prices && key != other.key && subject.prefix(4) == other.subject.prefix(4)
            && overlapsInTime(other) && contextLengths.overlaps(other.contextLengths)
    }
}
