package import UsageModel

// A fact has two times: its effective days, on which it holds, and the span of moments from when it was recorded to
// when it was superseded. A record is never changed: a later one about the same key supersedes it, and what it said
// about other days is recorded again.

/// A record with its second time: when and by whom it was recorded, and when it was superseded.
package struct FactVersion: Sendable, Equatable {
    package var record: FactRecord
    package var recordedAt: Timestamp
    package var recordedBy: String
    /// When a later record took its place; `nil` while it holds.
    package var supersededAt: Timestamp?

    package init(record: FactRecord, recordedAt: Timestamp, recordedBy: String, supersededAt: Timestamp? = nil) {
        self.record = record
        self.recordedAt = recordedAt
        self.recordedBy = recordedBy
        self.supersededAt = supersededAt
    }
}

/// What has to be written for new records to hold, given the current ones: pure, on half-open spans of days.
package struct FactRevision: Sendable, Equatable {
    /// A stored record that isn't superseded, and the number it is stored under.
    package struct Current: Sendable, Equatable {
        package var id: Int64
        package var record: FactRecord

        package init(id: Int64, record: FactRecord) {
            self.id = id
            self.record = record
        }
    }

    /// Stored records that are superseded, in whole or in part.
    package private(set) var superseded: [Int64] = []
    /// New records as they are in the file.
    package private(set) var recorded: [FactRecord] = []
    /// Parts of superseded records that still hold.
    package private(set) var split: [FactRecord] = []
    /// How many of the new records say what is current already.
    package private(set) var unchanged = 0

    /// - Parameters:
    ///   - current: those about the records' keys, and those that could exclude one of them.
    ///   - records: all of the kind.
    /// - Throws: ``FactConflict`` where two records can't both hold.
    package init(_ kind: FactKind, of current: [Current], by records: [FactRecord]) throws(FactConflict) {
        let groups = Dictionary(grouping: records, by: \.key).sorted { $0.key < $1.key }
        for (_, group) in groups { try Self.check(group, kind) }
        let currentByKey = Dictionary(grouping: current, by: \.record.key)
        for (key, group) in groups { revise(currentByKey[key] ?? [], by: group) }
        if let exclusion = kind.definition.exclusion { try check(exclusion, beside: current) }
    }

    /// Applies records about one key that don't overlap with each other to current ones that don't either.
    /// - Complexity: O(*n* log *n*) in both together: records of one key don't overlap, so that in the order of days
    ///   each meets a run of neighbours.
    private mutating func revise(_ current: [Current], by records: [FactRecord]) {
        let held = current.map(\.record).sorted { $0.effectiveFrom < $1.effectiveFrom }
        let effective = records.filter { record in
            // Only the last one that starts by then can cover it.
            let place = held.partitioned { $0.effectiveFrom <= record.effectiveFrom }
            return place == 0 || !held[place - 1].implies(record)
        }
        unchanged += records.count - effective.count
        recorded += effective
        let written = effective.sorted { $0.effectiveFrom < $1.effectiveFrom }
        for old in current {
            let first = written.partitioned { record in
                record.effectiveTo.map { $0 <= old.record.effectiveFrom } ?? false
            }
            let over = written[first...].prefix { $0.overlapsInTime(old.record) }
            guard !over.isEmpty else { continue }
            superseded.append(old.id)
            split += old.record.parts(outsideInOrder: over)
        }
    }

    private static func check(_ records: [FactRecord], _ kind: FactKind) throws(FactConflict) {
        let sorted = records.sorted { $0.effectiveFrom < $1.effectiveFrom }
        for record in sorted {
            let isEmpty = record.effectiveTo.map { $0 <= record.effectiveFrom } ?? false
            guard record.kind == kind, !isEmpty else {
                throw FactConflict(
                    "A record of \(kind.rawValue) about \(record.subjectText) is of another kind or ends before it starts."
                )
            }
        }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.overlapsInTime(next) {
            throw FactConflict(
                "Two records of \(kind.rawValue) about \(next.subjectText) overlap: from \(one.effectiveFrom) and from "
                    + "\(next.effectiveFrom).")
        }
    }

    /// A file was compared with itself; what it says has to fit the current records about other keys, too.
    private func check(_ exclusion: FactExclusion, beside current: [Current]) throws(FactConflict) {
        let superseded = Set(superseded)
        let others = current.filter { !superseded.contains($0.id) && !$0.record.isRetraction }.map(\.record)
        let written = (recorded + split).filter { !$0.isRetraction }
        let groups = Dictionary(grouping: others + written) {
            FactRecord.key($0.subject.prefix(exclusion.sharedColumns))
        }
        let touched = Set(written.map { FactRecord.key($0.subject.prefix(exclusion.sharedColumns)) })
        let new = Set(written)
        for key in touched.sorted() {
            let group = groups[key] ?? []
            for (one, other) in exclusion.conflicts(among: group) {
                let (record, other) = new.contains(group[one]) ? (group[one], group[other]) : (group[other], group[one])
                guard new.contains(record) else { continue }
                throw FactConflict(
                    "The record of \(record.kind.rawValue) about \(record.subjectText) from \(record.effectiveFrom) "
                        + "overlaps in \(exclusion.overlapping) with that about \(other.subjectText) from "
                        + "\(other.effectiveFrom), which holds on the same days: retract that one first.")
            }
        }
    }
}

/// Why records can't be recorded: two of them can't both hold.
package struct FactConflict: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
