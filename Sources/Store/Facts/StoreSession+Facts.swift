internal import Postgres
internal import Scopes
internal import UsageModel

extension StoreSession {
    /// See ``Store/importFacts(_:kind:by:now:)``. Must run in a transaction.
    func importFacts(_ records: [FactRecord], kind: FactKind, by actor: String, now: Timestamp) throws -> FactChange {
        let groups = Dictionary(grouping: records, by: \.key).sorted { $0.key < $1.key }
        for (_, group) in groups { try Self.check(group, kind) }
        var result = FactChange(recordedAt: try startRecording(now))
        let held = try held(kind)
        var superseded: [Int64] = []
        var written: [FactRecord] = []
        for (key, group) in groups {
            let change = BitemporalHistory.change(held: held[key] ?? [], by: group)
            superseded += change.superseded
            written += change.asserted + change.remainders
            result.asserted += change.asserted.count
            result.remainders += change.remainders.count
            result.unchanged += change.unchanged
        }
        if kind == .prices { try Self.checkContexts(written, beside: held, without: Set(superseded)) }
        result.superseded = superseded.count
        try connection.query(
            "UPDATE fact SET superseded_at = $2 WHERE fact_id = ANY($1)",
            [.int64Array(superseded), .timestamp(result.recordedAt)])
        try record(written, kind, by: actor, at: result.recordedAt)
        try audit(
            "facts-imported", of: kind.rawValue, by: actor,
            counts: [
                ("asserted", result.asserted), ("unchanged", result.unchanged), ("superseded", result.superseded),
                ("remainders", result.remainders),
            ], at: result.recordedAt)
        if written.isEmpty, superseded.isEmpty, let latest = try latestRecord() { result.recordedAt = latest }
        return result
    }

    /// Records about one key, which must be of the kind and may not share a day.
    private static func check(_ records: [FactRecord], _ kind: FactKind) throws {
        let sorted = records.sorted { $0.effectiveFrom < $1.effectiveFrom }
        for record in sorted {
            let isEmpty = record.effectiveTo.map { $0 <= record.effectiveFrom } ?? false
            guard record.kind == kind, !isEmpty else {
                throw StoreError(
                    .factConflict, "A record of \(kind.rawValue) is of another kind or ends before it starts.")
            }
        }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.overlapsInTime(next) {
            throw StoreError(
                .factConflict,
                "Two records of \(kind.rawValue) about \(next.subject.joined(separator: ", ")) overlap: from "
                    + "\(one.effectiveFrom) and from \(next.effectiveFrom).")
        }
    }

    /// A file was compared with itself; what it says of context lengths has to fit what is held, too.
    private static func checkContexts(
        _ written: [FactRecord], beside held: [NameBytes: [BitemporalHistory<FactRecord>.Held]],
        without superseded: Set<Int64>
    ) throws {
        let others = held.values.joined().filter { !superseded.contains($0.id) && !$0.entry.isTakenBack }.map(\.entry)
        let byThing = Dictionary(grouping: others) { $0.subject.prefix(4) }
        for record in written where !record.isTakenBack {
            let same = byThing[record.subject.prefix(4)] ?? []
            guard let other = same.first(where: { record.pricesTheSame(as: $0) }) else { continue }
            throw StoreError(
                .factConflict,
                "The price of \(record.subject.filter { !$0.isEmpty }.joined(separator: ", ")) from "
                    + "\(record.effectiveFrom) is for context lengths that \(other.subject.suffix(2).joined(separator: "–")) "
                    + "from \(other.effectiveFrom) holds already on the same days; take that one back first.")
        }
    }

    private func held(_ kind: FactKind) throws -> [NameBytes: [BitemporalHistory<FactRecord>.Held]] {
        var held: [NameBytes: [BitemporalHistory<FactRecord>.Held]] = [:]
        let rows = try connection.query(
            "SELECT \(Self.factColumns), fact_id FROM fact WHERE kind = $1 AND superseded_at IS NULL",
            [.text(kind.rawValue)])
        for row in rows {
            let record = try Self.factRecord(row)
            held[record.key, default: []].append(BitemporalHistory.Held(id: try row.decode(5), entry: record))
        }
        return held
    }

    private func record(_ records: [FactRecord], _ kind: FactKind, by actor: String, at moment: Timestamp) throws {
        func joined(_ texts: [String]) -> String { texts.joined(separator: FactRecord.separator) }
        try connection.query(
            """
            INSERT INTO fact (kind, subject, effective_from, effective_to, content, recorded_at, recorded_by)
            SELECT $1, string_to_array(r.subject, $9), r.effective_from, nullif(r.effective_to, $8),
                   string_to_array(r.content, $9), $6, $7
              FROM unnest($2::text[], $3::date[], $4::date[], $5::text[])
                   AS r (subject, effective_from, effective_to, content)
            """,
            [
                .text(kind.rawValue), .textArray(records.map { joined($0.subject) }),
                .dateArray(days: records.map(\.effectiveFrom.days)),
                .dateArray(days: records.map { $0.effectiveTo?.days ?? Self.never }),
                .textArray(records.map { joined($0.content) }), .timestamp(moment), .text(actor),
                .date(days: Self.never), .text(FactRecord.separator),
            ])
    }
}
