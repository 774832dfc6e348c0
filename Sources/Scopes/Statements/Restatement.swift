/// What became of a closed month's figures since: each of them as it was closed, what usage that came in later changed,
/// what reclassification (of tenants, or of anything else that is recorded beside the usage) changed, and what it is
/// now.
///
/// closed + late usage + reclassification = now, for every figure of every row, exactly.
package struct Restatement: Sendable, Hashable {
    /// One figure, taken apart.
    package struct Figure: Sendable, Hashable {
        /// What usage changed that the statement doesn't count, at the statement's own knowledge.
        package let lateUsage: AmountChange
        /// What changed beyond that, because other things are recorded now than were then.
        package let reclassification: AmountChange

        package var closed: Int128 { lateUsage.from }
        package var now: Int128 { reclassification.to }

        init(closed: Int128, later: Int128, now: Int128) {
            lateUsage = AmountChange(from: closed, to: later)
            reclassification = AmountChange(from: later, to: now)
        }

        package var isUnchanged: Bool { lateUsage.isZero && reclassification.isZero }
    }

    /// The figures of an entity, of the entities that the scope doesn't name, or of all together.
    package struct Row: Sendable, Hashable {
        /// Empty for the total.
        package let entity: String
        package let isGathered: Bool
        package let numerator: Figure
        package let external: Figure
        package let ownBusiness: Figure
        package let unclassified: Figure
        package let otherKinds: Figure
        package let outsideFilters: Figure
        package let unmapped: Figure
        /// A part of the others.
        package let overLimit: Figure
        /// A part of the numerator.
        package let estimated: Figure
        /// Under revenue, tokens without a price.
        package let unpricedTokens: Figure
        /// The share as it was closed and as it is now; `nil` where it is of nothing.
        package let closedPercent: String?
        package let percentNow: String?

        package var isUnchanged: Bool {
            [
                numerator, external, ownBusiness, unclassified, otherKinds, outsideFilters, unmapped, overLimit,
                estimated, unpricedTokens,
            ].allSatisfy(\.isUnchanged)
        }
    }

    /// In the order of the figures now; entities that have none any more stand at the end.
    package let rows: [Row]
    package let total: Row
    package let denominator: Figure
    /// What the amounts are of.
    package let measure: Scope.Measure

    /// - Parameters:
    ///   - closed: the statement's table.
    ///   - later: the same scope and period evaluated over the usage of now, at the statement's knowledge.
    ///   - now: the same over the usage and at the knowledge of now.
    package init(closed: ShareTable, later: ShareTable, now: ShareTable) {
        measure = closed.scope.measure
        let sides = [closed, later, now].map(Side.init)
        var keys = Side.keys(now)
        for table in [closed, later] {
            let known = Set(keys)
            keys += Side.keys(table).filter { !known.contains($0) }
        }
        rows = keys.map { key in
            Self.row(sides.map { $0[key] }, key: key, percents: sides.map { $0.percent[key] ?? nil })
        }
        total = Self.row(
            [closed.total, later.total, now.total], key: Side.Key(closed.total), percents: [nil, nil, nil])
        denominator = Figure(closed: closed.denominator, later: later.denominator, now: now.denominator)
    }

    /// Nothing at all changed.
    package var isUnchanged: Bool { denominator.isUnchanged && total.isUnchanged && rows.allSatisfy(\.isUnchanged) }

    private static func row(_ rows: [ShareTable.Row?], key: Side.Key, percents: [String?]) -> Row {
        func figure(_ amount: (ShareTable.Row) -> Int128) -> Figure {
            let amounts = rows.map { $0.map(amount) ?? 0 }
            return Figure(closed: amounts[0], later: amounts[1], now: amounts[2])
        }
        return Row(
            entity: key.entity, isGathered: key.isGathered, numerator: figure(\.numerator),
            external: figure(\.external), ownBusiness: figure(\.ownBusiness), unclassified: figure(\.unclassified),
            otherKinds: figure(\.otherKinds), outsideFilters: figure(\.outsideFilters),
            unmapped: figure(\.unmapped), overLimit: figure(\.overLimit), estimated: figure(\.estimated),
            unpricedTokens: figure(\.unpricedTokens),
            closedPercent: percents[0],
            percentNow: percents[2])
    }

    /// A table by entity.
    private struct Side {
        /// Names compare by their bytes.
        struct Key: Hashable {
            let entity: String
            let isGathered: Bool

            init(_ row: ShareTable.Row) {
                entity = row.entity
                isGathered = row.isGathered
            }

            static func == (left: Key, right: Key) -> Bool {
                left.isGathered == right.isGathered && left.entity.utf8.elementsEqual(right.entity.utf8)
            }

            func hash(into hasher: inout Hasher) {
                for byte in entity.utf8 { hasher.combine(byte) }
                hasher.combine(isGathered)
            }
        }

        private var rows: [Key: ShareTable.Row] = [:]
        private(set) var percent: [Key: String?] = [:]

        init(_ table: ShareTable) {
            for (row, percent) in zip(table.rows, table.percentages()) {
                rows[Key(row)] = row
                self.percent[Key(row)] = percent
            }
        }

        subscript(key: Key) -> ShareTable.Row? { rows[key] }

        static func keys(_ table: ShareTable) -> [Key] { table.rows.map(Key.init) }
    }
}
