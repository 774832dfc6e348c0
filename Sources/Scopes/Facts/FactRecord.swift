package import UsageModel

/// One statement of a fact: what it is about, on which days it holds, and what it says. All texts are in the spelling
/// that ``FactKind`` keeps.
package struct FactRecord: Sendable, Hashable, EffectiveDated {
    package var kind: FactKind
    /// The key columns, in their order.
    package var subject: [String]
    /// For a month or a period: its first day.
    package var effectiveFrom: CalendarDate
    /// For a month or a period: the first day after it.
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

    /// Stands between the texts of a list: no text may hold it.
    package static let separator = "\u{1F}"

    /// The bytes of the whole subject: names are told apart by them.
    package var key: NameBytes { Self.key(subject) }

    static func key(_ subject: [String]) -> NameBytes { NameBytes(subject.joined(separator: separator)) }

    package func isAboutTheSame(as other: FactRecord) -> Bool { kind == other.kind && key == other.key }

    package func saysTheSame(as other: FactRecord) -> Bool { Self.key(content) == Self.key(other.content) }

    /// Whether the record says that nothing is held any more.
    package var isTakenBack: Bool {
        zip(kind.contentColumns, content).allSatisfy { $0.role == .note || $1.isEmpty }
    }

    /// The cell of a column.
    package subscript(column: String) -> String {
        for (found, text) in zip(kind.subjectColumns, subject) where found.name == column { return text }
        for (found, text) in zip(kind.contentColumns, content) where found.name == column { return text }
        switch kind.columns.first(where: { $0.name == column })?.role {
        case .from: return "\(effectiveFrom)"
        case .to: return effectiveTo.map { "\($0)" } ?? ""
        case .month: return Period.month(of: effectiveFrom).description
        default: preconditionFailure("\(kind.rawValue) have no column \(column)")
        }
    }
}

extension FactKind {
    /// The columns of ``FactRecord/subject``.
    package var subjectColumns: [FactColumn] { columns.filter { $0.role == .key || $0.role == .period } }
    /// The columns of ``FactRecord/content``.
    package var contentColumns: [FactColumn] { columns.filter { $0.role == .value || $0.role == .note } }
}

/// A fact as the store holds it: with when and by whom it was recorded.
package struct RecordedFact: Sendable, Hashable {
    package var record: FactRecord
    /// RFC 3339, UTC.
    package var recordedAt: String
    package var recordedBy: String

    package init(record: FactRecord, recordedAt: String, recordedBy: String) {
        self.record = record
        self.recordedAt = recordedAt
        self.recordedBy = recordedBy
    }
}
