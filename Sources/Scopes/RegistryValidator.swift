internal import Usage

/// Checks the records of a registry file one by one and then against each other, collecting every mistake.
struct RegistryValidator {
    struct Located {
        var entry: RegistryEntry
        var line: Int
    }

    var problems: [FileProblem] = []
    private(set) var entries: [Located] = []
    private var positions: [String: Int] = [:]
    private var columnCount = 0

    /// Takes the header; `false` when its columns don't allow the records to be read.
    mutating func readHeader(_ header: CSVRecord) -> Bool {
        columnCount = header.fields.count
        let known = RegistryFile.columns + RegistryFile.recordColumns
        let before = problems.count
        for (index, name) in header.fields.enumerated() {
            if !known.contains(name) {
                report(
                    header.line, nil,
                    "unknown column '\(name.excerpt)': "
                        + "the columns are \(RegistryFile.columns.joined(separator: ", "))")
            } else if positions.updateValue(index, forKey: name) != nil {
                report(header.line, name, "the column is there twice")
            }
        }
        for name in RegistryFile.columns where positions[name] == nil {
            report(header.line, name, "the column is missing")
        }
        return problems.count == before
    }

    /// Takes one record.
    mutating func read(_ record: CSVRecord) {
        guard record.fields.count == columnCount else {
            report(record.line, nil, "\(record.fields.count) fields where the header has \(columnCount)")
            return
        }
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
        entries.append(Located(entry: entry, line: record.line))
    }

    /// Compares the records with each other: no tenant may be two things on one day.
    mutating func checkOverlaps() {
        // By bytes: two spellings that Unicode holds equal are two names in the ledger.
        let tenants = Dictionary(grouping: entries) { Array("\($0.entry.provider)/\($0.entry.tenant)".utf8) }
        for entries in tenants.values where entries.count > 1 {
            let sorted = entries.sorted { ($0.entry.effectiveFrom, $0.line) < ($1.entry.effectiveFrom, $1.line) }
            // The entry that ends last so far: the next may overlap with it rather than with its neighbour.
            var latest = sorted[0]
            for next in sorted.dropFirst() {
                if latest.entry.overlaps(next.entry) { reportOverlap(latest, next) }
                if !latest.entry.ends(after: next.entry) { latest = next }
            }
        }
    }

    private mutating func reportOverlap(_ held: Located, _ next: Located) {
        let (first, second) = held.line < next.line ? (held, next) : (next, held)
        let message =
            first.entry == second.entry
            ? "the record repeats line \(first.line)"
            : "tenant '\(second.entry.tenant)' of \(second.entry.provider) from \(second.entry.span) overlaps "
                + "line \(first.line) (\(first.entry.kind.name), \(first.entry.span)): end one before the other starts"
        report(second.line, nil, message)
    }
}

extension RegistryValidator {
    private mutating func report(_ line: Int, _ field: String?, _ message: String) {
        problems.append(FileProblem(line: line, field: field, message: message))
    }

    private func value(_ column: String, _ record: CSVRecord) -> String {
        positions[column].map { FormulaGuard.unguarded(record.fields[$0]) } ?? ""
    }

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
        let text = value(column, record)
        guard let date = CalendarDate(text) else {
            report(
                record.line, column,
                text.isEmpty
                    ? "the date is missing: write YYYY-MM-DD" : "'\(text.excerpt)' is no date: write YYYY-MM-DD")
            return nil
        }
        return date
    }

    private mutating func freeText(
        _ column: String, _ record: CSVRecord, maxBytes: Int, mayBeEmpty: Bool
    ) -> String? {
        let text = value(column, record)
        if text.isEmpty, !mayBeEmpty {
            report(record.line, column, "is empty: say why the tenant is of this kind")
        } else if text.utf8.count > maxBytes {
            report(record.line, column, "is longer than \(maxBytes) bytes")
        } else if text.unicodeScalars.contains(where: \.isUnprintable) {
            report(record.line, column, "holds a control or text-direction character")
        } else {
            return text
        }
        return nil
    }
}

extension RegistryEntry {
    fileprivate func ends(after other: RegistryEntry) -> Bool {
        guard let effectiveTo else { return true }
        return other.effectiveTo.map { effectiveTo > $0 } ?? false
    }
}
