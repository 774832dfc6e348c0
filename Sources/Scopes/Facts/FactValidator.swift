internal import TextFormats
internal import UsageModel

/// Checks the records of a facts file one by one and then against each other, collecting every mistake.
struct FactValidator {
    /// A record and the line of the file that it stands on.
    struct Located {
        var record: FactRecord
        var line: Int
    }

    let kind: FactKind
    var problems: [FileProblem] = []
    private(set) var records: [Located] = []
    private var columns: CSVColumns?

    init(_ kind: FactKind) {
        self.kind = kind
    }

    /// Takes the header; `false` when its columns don't allow the records to be read.
    mutating func readHeader(_ header: CSVRecord) -> Bool {
        columns = CSVColumns.read(
            header, needed: kind.definition.columns.map(\.name), ignored: FactFile.versionColumns, problems: &problems)
        return columns != nil
    }

    /// Takes one record.
    mutating func read(_ record: CSVRecord) {
        guard let columns, columns.fits(record, problems: &problems) else { return }
        let before = problems.count
        let isRetraction = isRetraction(record, columns)
        var (subject, content): ([String], [String]) = ([], [])
        for column in kind.definition.columns {
            let text = columns.value(column.name, record)
            switch column.role {
            case .key: subject.append(cell(text, column, line: record.line))
            case .value where text.isEmpty && isRetraction: content.append("")
            case .value, .note: content.append(cell(text, column, line: record.line))
            case .period: subject.append(text)
            case .from, .to, .month: break
            }
        }
        guard let span = span(record, columns), problems.count == before else { return }
        var fact = FactRecord(
            kind: kind, subject: subject, effectiveFrom: span.from, effectiveTo: span.to, content: content)
        fact.nameItsPeriod()
        if let objection = kind.definition.objection(fact) {
            report(objection.message, column: objection.column, line: record.line)
        } else {
            records.append(Located(record: fact, line: record.line))
        }
    }

    /// Whether the record says in so many words that nothing holds any more: a cell that was only forgotten must not.
    private func isRetraction(_ record: CSVRecord, _ columns: CSVColumns) -> Bool {
        guard kind.definition.canBeRetracted else { return false }
        return kind.definition.columns.allSatisfy { column in
            let text = columns.value(column.name, record)
            return switch column.role {
            case .value: text.isEmpty
            case .note: FactKind.retractionWords.contains { text.hasPrefix($0) }
            default: true
            }
        }
    }

    private mutating func report(_ message: String, column: String?, line: Int) {
        problems.append(FileProblem(line: line, field: column, message: message))
    }

    /// The cell as it is kept; empty, and reported, where something is wrong with it.
    private mutating func cell(_ text: String, _ column: FactColumn, line: Int) -> String {
        if text.isEmpty {
            if !column.mayBeEmpty {
                report(
                    column.role == .note ? "is empty: say why, or from where" : "is empty", column: column.name,
                    line: line)
            }
            return ""
        }
        do {
            return try column.syntax.canonical(text)
        } catch {
            report(error.message, column: column.name, line: line)
            return ""
        }
    }

    // MARK: Records beside each other

    /// Compares the records with each other: nothing may be said twice of one day.
    mutating func compareRecords() {
        for group in Dictionary(grouping: records, by: \.record.key).values where group.count > 1 {
            for (first, second) in Self.overlaps(among: group) { reportOverlap(of: second, with: first) }
        }
        if let exclusion = kind.definition.exclusion { compare(by: exclusion) }
    }

    /// The pairs of records about one key that share a day, the earlier line first.
    private static func overlaps(among records: [Located]) -> [(first: Located, second: Located)] {
        var pairs: [(first: Located, second: Located)] = []
        let sorted = records.sorted { ($0.record.effectiveFrom, $0.line) < ($1.record.effectiveFrom, $1.line) }
        guard var latest = sorted.first else { return [] }
        // The one that ends last so far: the next may overlap with it rather than with its neighbour.
        for next in sorted.dropFirst() {
            if latest.record.overlapsInTime(next.record) {
                pairs.append(latest.line < next.line ? (latest, next) : (next, latest))
            }
            if latest.record.effectiveTo != nil, !latest.record.ends(after: next.record) { latest = next }
        }
        return pairs
    }

    private mutating func reportOverlap(of second: Located, with first: Located) {
        report(
            first.record == second.record
                ? "the record repeats line \(first.line)"
                : "\(second.record.subjectText) from \(second.record.span) overlaps line \(first.line) "
                    + "(\(first.record.span)): end one before the other starts", column: nil, line: second.line)
    }

    private mutating func compare(by exclusion: FactExclusion) {
        let groups = Dictionary(grouping: records) {
            FactRecord.key($0.record.subject.prefix(exclusion.sharedColumns))
        }
        for group in groups.values where group.count > 1 {
            for (one, other) in exclusion.conflicts(among: group.map(\.record)) {
                let (first, second) = (min(group[one].line, group[other].line), max(group[one].line, group[other].line))
                report(
                    "the \(exclusion.overlapping) overlap with those of line \(first) on the same days",
                    column: exclusion.column, line: second)
            }
        }
    }

    // MARK: When it holds

    private mutating func span(
        _ record: CSVRecord, _ columns: CSVColumns
    ) -> (from: CalendarDate, to: CalendarDate?)? {
        for column in kind.definition.columns {
            let text = columns.value(column.name, record)
            switch column.role {
            case .from: return days(from: text, to: columns.value("effective_to", record), line: record.line)
            case .month: return period(text, column: column.name, line: record.line, isMonth: true)
            case .period: return period(text, column: column.name, line: record.line, isMonth: false)
            default: continue
            }
        }
        preconditionFailure("\(kind.rawValue) hold on no days")
    }

    private mutating func days(from: String, to: String, line: Int) -> (from: CalendarDate, to: CalendarDate?)? {
        let first = date(from, column: "effective_from", line: line)
        let last = to.isEmpty ? nil : date(to, column: "effective_to", line: line)
        guard let first, to.isEmpty || last != nil else { return nil }
        if let last, last <= first {
            report(
                "\(last) does not come after effective_from \(first): it is the first day that doesn't count any more",
                column: "effective_to", line: line)
            return nil
        }
        return (first, last)
    }

    private mutating func date(_ text: String, column: String, line: Int) -> CalendarDate? {
        do {
            return try FactSyntax.date(text)
        } catch {
            report(error.message, column: column, line: line)
            return nil
        }
    }

    private mutating func period(
        _ text: String, column: String, line: Int, isMonth: Bool
    ) -> (from: CalendarDate, to: CalendarDate?)? {
        do throws(PeriodError) {
            let period = try Period(text)
            guard !isMonth || (period.granularity == .month && text == period.description) else {
                report("'\(text.excerpt)' is no month: write YYYY-MM", column: column, line: line)
                return nil
            }
            return (period.from, period.to)
        } catch {
            report(
                isMonth ? "'\(text.excerpt)' is no month: write YYYY-MM" : error.description, column: column, line: line
            )
            return nil
        }
    }
}

extension FactRecord {
    /// Gives the period in its subject the one spelling that it is kept in.
    fileprivate mutating func nameItsPeriod() {
        guard let index = kind.definition.subjectColumns.firstIndex(where: { $0.role == .period }), let effectiveTo,
            let period = try? Period(from: effectiveFrom, to: effectiveTo)
        else { return }
        subject[index] = period.description
    }
}
