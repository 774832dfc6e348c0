internal import TextFormats
internal import UsageModel

/// Checks the records of a registry file one by one and then against each other, collecting every mistake.
struct RegistryValidator {
    var problems: [FileProblem] = []
    private(set) var entries: [Located<RegistryEntry>] = []
    private var columns: CSVColumns?

    /// Takes the header; `false` when its columns don't allow the records to be read.
    mutating func readHeader(_ header: CSVRecord) -> Bool {
        columns = CSVColumns.read(
            header, needed: RegistryFile.columns, ignored: RegistryFile.recordColumns, problems: &problems)
        return columns != nil
    }

    /// Takes one record.
    mutating func read(_ record: CSVRecord) {
        guard let columns, columns.fits(record, problems: &problems) else { return }
        let provider = provider(record)
        let tenant = tenant(record)
        let kind = kind(record)
        let legalEntity = freeText("legal_entity", record, maxBytes: RegistryFile.maxLegalEntityBytes, mayBeEmpty: true)
        let reason = freeText("reason", record, maxBytes: RegistryFile.maxReasonBytes, mayBeEmpty: false)
        let dates = dates(record)
        guard let provider, let tenant, let kind, let legalEntity, let reason, let dates else { return }
        let entry = RegistryEntry(
            provider: provider, tenant: tenant, kind: kind, legalEntity: legalEntity, effectiveFrom: dates.from,
            effectiveTo: dates.to, reason: reason)
        entries.append(Located(statement: entry, line: record.line))
    }

    /// Compares the records with each other: no tenant may be two things on one day.
    mutating func checkOverlaps() {
        // By bytes: two spellings that Unicode holds equal are two names in the ledger.
        let tenants = Dictionary(grouping: entries) {
            NameBytes("\($0.statement.provider)/\($0.statement.tenant)")
        }
        for entries in tenants.values where entries.count > 1 {
            for (first, second) in Located.overlaps(among: entries) { reportOverlap(first, second) }
        }
    }

    private mutating func reportOverlap(_ first: Located<RegistryEntry>, _ second: Located<RegistryEntry>) {
        let (held, next) = (first.statement, second.statement)
        let message =
            held == next
            ? "the record repeats line \(first.line)"
            : "tenant '\(next.tenant)' of \(next.provider) from \(next.span) overlaps "
                + "line \(first.line) (\(held.kind.name), \(held.span)): end one before the other starts"
        report(second.line, nil, message)
    }
}

extension RegistryValidator {
    private mutating func report(_ line: Int, _ field: String?, _ message: String) {
        problems.append(FileProblem(line: line, field: field, message: message))
    }

    private func value(_ column: String, _ record: CSVRecord) -> String { columns?.value(column, record) ?? "" }

    private mutating func provider(_ record: CSVRecord) -> String? {
        let text = value("provider", record)
        guard NameRule.isIdentifier(text, maxBytes: Limits.maxProviderNameBytes) else {
            report(
                record.line, "provider",
                "'\(text.excerpt)' is no provider name: "
                    + "lower-case letters, digits and inner hyphens, at most \(Limits.maxProviderNameBytes) bytes")
            return nil
        }
        return text
    }

    private mutating func tenant(_ record: CSVRecord) -> String? {
        let text = value("tenant", record)
        if let problem = NameRule.problem(in: text, maxBytes: Limits.maxTenantNameBytes) {
            report(record.line, "tenant", "the name '\(text.excerpt)' \(problem.explanation)")
            return nil
        }
        return text
    }

    private mutating func kind(_ record: CSVRecord) -> TenantKind? {
        let text = value("kind", record)
        guard let kind = TenantKind(name: text) else {
            let known = TenantKind.allCases.map(\.name).joined(separator: ", ")
            report(record.line, "kind", "'\(text.excerpt)' is no kind of tenant: use one of \(known)")
            return nil
        }
        return kind
    }

    private mutating func dates(_ record: CSVRecord) -> (from: CalendarDate, to: CalendarDate?)? {
        let from = date("effective_from", record)
        let hasEnd = !value("effective_to", record).isEmpty
        let to = hasEnd ? date("effective_to", record) : nil
        guard let from, !hasEnd || to != nil else { return nil }
        if let to, to <= from {
            report(
                record.line, "effective_to",
                "\(to) does not come after effective_from \(from): "
                    + "it is the first day that doesn't count any more")
            return nil
        }
        return (from, to)
    }

    private mutating func date(_ column: String, _ record: CSVRecord) -> CalendarDate? {
        switch CellText.date(value(column, record)) {
        case .success(let date): return date
        case .failure(let problem):
            report(record.line, column, problem.message)
            return nil
        }
    }

    private mutating func freeText(
        _ column: String, _ record: CSVRecord, maxBytes: Int, mayBeEmpty: Bool
    ) -> String? {
        let text = value(column, record)
        if text.isEmpty, !mayBeEmpty {
            report(record.line, column, "is empty: say why the tenant is of this kind")
        } else if let problem = CellText.problem(inText: text, maxBytes: maxBytes) {
            report(record.line, column, problem.message)
        } else {
            return text
        }
        return nil
    }
}
