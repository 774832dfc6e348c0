internal import Postgres
internal import Scopes
internal import UsageModel

/// A table of facts: how its columns say what every fact has. The statements of imports, exports and histories are
/// written once against this description.
///
/// In SQL, `r` is the table itself: it has `effective_from`, `effective_to`, `recorded_at`, `recorded_by` and
/// `superseded_at`.
struct FactTable: Sendable {
    let name: String
    /// The column that records are numbered by.
    let id: String
    /// The table, and what its numbers stand for: a list for FROM.
    let source: String
    /// An expression for the kind's name.
    let kind: String
    /// Expressions for the key columns, from the first on; as many as the kind with the most has.
    let keys: [String]
    /// Expressions of `text[]`: the key columns, and the value columns with the note.
    let subject: String
    let content: String
    /// An expression for whether a caller who is bound to the provider `$n` may see a record.
    let isVisible: @Sendable (_ provider: String) -> String
    /// The columns that an import writes, beside those that every table of facts has.
    let written: String
    /// Expressions for those, and the tables they are from, over `n (kind, subject, content)`.
    let values: String
    let joins: String
    /// Stores the names that records of the table refer to by number, and returns how many were new.
    let intern: @Sendable (_ records: [FactRecord], _ session: StoreSession) throws -> Int

    static let all = [registry, market]

    static func of(_ kind: FactKind) -> FactTable { kind == .tenants ? registry : market }

    /// The registry, with numbers for tenants and kinds, by which sums are joined with it.
    static let registry: FactTable = {
        let kinds = TenantKind.allCases.sorted { $0.rawValue < $1.rawValue }.map { "'\($0.name)'" }
        precondition(
            TenantKind.allCases.map(\.rawValue).max() == UInt8(kinds.count - 1),
            "kinds of tenants aren't numbered from 0")
        let names = "ARRAY[\(kinds.joined(separator: ", "))]"
        return FactTable(
            name: "tenant_kind", id: "entry_id",
            source: """
                tenant_kind r JOIN tenant t ON t.tenant_id = r.tenant_id
                  JOIN provider p ON p.provider_id = t.provider_id
                """,
            kind: "'\(FactKind.tenants.rawValue)'", keys: ["p.name", "t.name"], subject: "ARRAY[p.name, t.name]",
            content: "ARRAY[(\(names))[r.kind + 1], r.legal_entity, r.reason]",
            isVisible: { "p.name = \($0)" },
            written: "tenant_id, provider_id, kind, legal_entity, reason",
            values: """
                t.tenant_id, t.provider_id, array_position(\(names), n.content[1]) - 1, n.content[2], n.content[3]
                """,
            joins: """
                JOIN provider p ON p.name = n.subject[1]
                JOIN tenant t ON t.provider_id = p.provider_id AND t.name = n.subject[2]
                """,
            intern: { try $1.internTenants(of: $0) })
    }()

    /// All other kinds in one table, as the texts that their columns hold: they are only ever read whole and evaluated
    /// by pure code.
    static let market = FactTable(
        name: "fact", id: "fact_id", source: "fact r", kind: "r.kind",
        keys: (1...(FactKind.marketKinds.map(\.definition.subjectColumns.count).max() ?? 1)).map { "r.subject[\($0)]" },
        subject: "r.subject", content: "r.content",
        isVisible: { _ in "false" },
        written: "kind, subject, content", values: "n.kind, n.subject, n.content", joins: "", intern: { _, _ in 0 })
}

// MARK: SQL

extension FactTable {
    /// The columns that ``record(_:)`` reads.
    var columns: String {
        """
        \(kind), array_to_string(\(subject), chr(31)), r.effective_from, r.effective_to,
               array_to_string(\(content), chr(31))
        """
    }

    /// How many columns ``columns`` are.
    static let columnCount = 5

    static func record(_ row: Row) throws -> FactRecord {
        func texts(_ column: Int) throws -> [String] {
            try row.decode(column, as: String.self)
                .split(separator: FactRecord.separator, omittingEmptySubsequences: false).map(String.init)
        }
        let (subject, content) = (try texts(1), try texts(4))
        guard let kind = FactKind(rawValue: try row.decode(0)), subject.count == kind.definition.subjectColumns.count,
            content.count == kind.definition.contentColumns.count
        else { throw PostgresError(.decoding, "The database holds a fact of a kind or form that is not known.") }
        return FactRecord(
            kind: kind, subject: subject,
            effectiveFrom: CalendarDate(days: try row.decode(2, as: DateColumn.self).days),
            effectiveTo: try row.decode(3, as: DateColumn?.self).map { CalendarDate(days: $0.days) }, content: content)
    }

    /// Whether a record was known at the moment in a parameter, or is now where that is NULL.
    static func isKnown(at moment: String) -> String {
        """
        (\(moment)::timestamptz IS NULL AND r.superseded_at IS NULL
                OR r.recorded_at <= \(moment) AND (r.superseded_at IS NULL OR r.superseded_at > \(moment)))
        """
    }
}

extension StoreSession {
    /// The tenants' numbers, made for the ones that nothing has named before.
    fileprivate func internTenants(of records: [FactRecord]) throws -> Int {
        let interner = Interner(connection: connection)
        let before: Int = try connection.query("SELECT count(*) FROM tenant").one().decode(0)
        let names = Dictionary(grouping: records, by: { $0["provider"] }).sorted { $0.key < $1.key }
        for (provider, group) in names {
            let id = try interner.provider(provider)
            let named = Set(group.map { NameBytes($0["tenant"]) })
            let names = named.map { String(decoding: $0.bytes, as: UTF8.self) }
            // Only those without an id: an insert that finds its name uses an id up all the same.
            let known = try interner.find(.tenant, names, provider: id)
            let missing = named.subtracting(known.keys).sorted().map { String(decoding: $0.bytes, as: UTF8.self) }
            if !missing.isEmpty { try interner.insert(.tenant, missing, provider: id) }
        }
        let after: Int = try connection.query("SELECT count(*) FROM tenant").one().decode(0)
        return after - before
    }
}
