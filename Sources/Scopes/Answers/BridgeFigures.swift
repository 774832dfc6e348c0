/// A bridge with its figures: from what the first scope says of an entity to what the second one says.
///
/// The changes of the steps in one unit add up exactly: an amount is that of the line before it and the change. Where
/// the unit changes, there is no change, and the new amount stands for itself.
package struct BridgeFigures: Sendable {
    package struct Line: Sendable {
        package var step: ScopeBridge.Step
        /// What the step's scope counts, as a sum over the period.
        package var amount: Int128
        /// The figure as the step's scope publishes it; see ``ShareTable/published(_:)``.
        package var published: Int128
        package var share: Share
        /// The share in percent, with the precision of the step's scope.
        package var percent: String?
        /// How the amount differs from that of the line before; `nil` at the start and where the unit changes.
        package var change: AmountChange?
    }

    /// `nil` for all entities together.
    package let entity: String?
    package let lines: [Line]
    /// From the first amount to the last; `nil` where they are counted in different units.
    package let whole: AmountChange?

    /// - Parameters:
    ///   - tables: one for each step, in their order.
    ///   - entity: `nil` for all entities together.
    package init(_ bridge: ScopeBridge, tables: [ShareTable], entity: String?) {
        precondition(tables.count == bridge.steps.count, "\(tables.count) tables for \(bridge.steps.count) steps")
        let amounts = tables.map { table in entity.map { table[$0]?.numerator ?? 0 } ?? table.total.numerator }
        self.entity = entity
        lines = bridge.steps.enumerated().map { place, step in
            let (table, amount) = (tables[place], amounts[place])
            let isComparable = place > 0 && bridge.steps[place - 1].scope.unit == step.scope.unit
            return Line(
                step: step, amount: amount, published: table.published(amount),
                share: Share(numerator: amount, denominator: table.denominator), percent: table.percent(of: entity),
                change: isComparable ? AmountChange(from: amounts[place - 1], to: amount) : nil)
        }
        let isOneUnit = bridge.steps.allSatisfy { $0.scope.unit == bridge.from.unit }
        whole = isOneUnit ? lines.last.map { AmountChange(from: amounts[0], to: $0.amount) } : nil
    }
}
