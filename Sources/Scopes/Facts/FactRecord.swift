package import UsageModel

/// One statement of a fact: what it is about, on which days it holds, and what it says. All texts are in the spelling
/// that ``FactSyntax`` keeps.
package struct FactRecord: Sendable, Hashable {
    package var kind: FactKind
    /// The key columns, in their order.
    package var subject: [String]
    /// The first day on which it holds, in the reporting calendar; for a month or a period its first day.
    package var effectiveFrom: CalendarDate
    /// The first day on which it doesn't hold any more, or `nil` for no end.
    package var effectiveTo: CalendarDate?
    /// The value columns and the reason or source, in their order.
    package var content: [String]

    package init(
        kind: FactKind, subject: [String], effectiveFrom: CalendarDate, effectiveTo: CalendarDate?, content: [String]
    ) {
        self.kind = kind
        self.subject = subject
        self.effectiveFrom = effectiveFrom
        self.effectiveTo = effectiveTo
        self.content = content
    }

    /// What a tenant is to its provider; see ``FactKind/tenants``.
    ///
    /// - Parameters:
    ///   - legalEntity: the company behind the tenant; may be empty.
    ///   - reason: why the kind is what it is; never empty.
    package init(
        provider: String, tenant: String, is kind: TenantKind, legalEntity: String = "",
        effectiveFrom: CalendarDate, effectiveTo: CalendarDate? = nil, reason: String
    ) {
        self.init(
            kind: .tenants, subject: [provider, tenant], effectiveFrom: effectiveFrom, effectiveTo: effectiveTo,
            content: [kind.name, legalEntity, reason])
    }

    /// Stands between the texts of a list: no text may hold it.
    package static let separator = "\u{1F}"

    /// The bytes of the whole subject: names are distinguished by them, whatever Unicode holds equal.
    package var key: NameBytes { Self.key(subject) }

    static func key(_ subject: some Sequence<String>) -> NameBytes {
        NameBytes(subject.joined(separator: separator))
    }

    /// Whether the record says that nothing holds any more.
    package var isRetraction: Bool {
        kind.definition.canBeRetracted
            && zip(kind.definition.contentColumns, content).allSatisfy { $0.role == .note || $1.isEmpty }
    }

    /// Where a record keeps the cell of a column.
    enum Place: Sendable {
        case subject(Int), content(Int)
        case from, to, month
    }

    /// The cell of a column.
    package subscript(column: String) -> String {
        switch kind.definition.places[column] {
        case .subject(let index): return subject[index]
        case .content(let index): return content[index]
        case .from: return "\(effectiveFrom)"
        case .to: return effectiveTo.map { "\($0)" } ?? ""
        case .month: return Period.month(of: effectiveFrom).description
        case nil: preconditionFailure("\(kind.rawValue) have no column \(column)")
        }
    }
}

// MARK: Days

extension FactRecord {
    /// Whether the two are about the same thing on some day. Names are compared by their bytes.
    package func overlaps(_ other: FactRecord) -> Bool {
        kind == other.kind && key == other.key && overlapsInTime(other)
    }

    /// Whether some day belongs to both, whatever they are about.
    package func overlapsInTime(_ other: FactRecord) -> Bool {
        (effectiveTo.map { other.effectiveFrom < $0 } ?? true) && (other.effectiveTo.map { effectiveFrom < $0 } ?? true)
    }

    /// Whether it holds longer than `other`.
    func ends(after other: FactRecord) -> Bool {
        guard let effectiveTo else { return other.effectiveTo != nil }
        return other.effectiveTo.map { effectiveTo > $0 } ?? false
    }

    /// Whether `other`, which is about the same thing, adds nothing to this: the same content on days that this covers.
    func implies(_ other: FactRecord) -> Bool {
        Self.key(content) == Self.key(other.content) && effectiveFrom <= other.effectiveFrom
            && !other.ends(after: self)
    }

    /// The parts of this that hold on days outside of `other`'s: none, one or two.
    func parts(outside other: FactRecord) -> [FactRecord] {
        guard overlaps(other) else { return [self] }
        var parts: [FactRecord] = []
        if effectiveFrom < other.effectiveFrom {
            var before = self
            before.effectiveTo = other.effectiveFrom
            parts.append(before)
        }
        if let end = other.effectiveTo, effectiveTo.map({ end < $0 }) ?? true {
            var after = self
            after.effectiveFrom = end
            parts.append(after)
        }
        return parts
    }

    /// The parts of this that hold on days outside of all of `others`', which are about the same thing, overlap this in
    /// time, and follow on each other.
    func parts(outsideInOrder others: some Sequence<FactRecord>) -> [FactRecord] {
        var parts: [FactRecord] = []
        var rest: FactRecord? = self
        for other in others {
            guard let part = rest else { break }
            let pieces = part.parts(outside: other)
            if let first = pieces.first, first.effectiveFrom < other.effectiveFrom { parts.append(first) }
            rest = pieces.last.flatMap { $0.effectiveFrom < other.effectiveFrom ? nil : $0 }
        }
        if let rest { parts.append(rest) }
        return parts
    }

    /// The days it holds on, as written in messages: `2025-01-01 to 2025-06-30`.
    var span: String {
        guard let effectiveTo else { return "\(effectiveFrom) onwards" }
        return "\(effectiveFrom) to \(CalendarDate(days: effectiveTo.days - 1))"
    }

    /// What it is about, as written in messages.
    var subjectText: String { subject.filter { !$0.isEmpty }.joined(separator: ", ") }
}
