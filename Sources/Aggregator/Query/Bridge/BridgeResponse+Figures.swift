internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension BridgeResponse {
    /// A bridge from one scope to another.
    ///
    /// - Parameter answers: a table for each of the bridge's steps.
    init(_ bridge: ScopeBridge, period: Period, answers: ScopeAnswers, figures: BridgeFigures) {
        self.init()
        fromScope = ScopeName(bridge.from)
        toScope = ScopeName(bridge.to)
        self.period = DateSpan(period)
        by = bridge.from.entity.rawValue
        entity = figures.entity
        asKnownAt = Moment(answers.knownAt)
        position = Int(clamping: answers.position)
        // Nothing under any scope isn't a bridge of 0.
        guard !answers.tables.allSatisfy(\.rows.isEmpty) else { return }
        steps = figures.lines.indices.map { place in
            BridgeStep(
                figures.lines[place], of: figures.entity, in: answers.tables[place],
                after: place > 0 ? bridge.steps[place - 1].scope : nil)
        }
        change = figures.whole.map { Change($0.text(answers.tables[0].scope.measure.text(of:))) }
    }
}

extension BridgeStep {
    /// - Parameters:
    ///   - entity: `nil` for all entities together.
    ///   - before: the scope of the step before; `nil` at the start.
    fileprivate init(_ line: BridgeFigures.Line, of entity: String?, in table: ShareTable, after before: Scope?) {
        self.init()
        let scope = line.step.scope
        aspect = line.step.aspect?.rawValue
        from = before.flatMap { line.step.aspect?.value(in: $0) }
        to = line.step.aspect?.value(in: scope)
        unit = scope.unit
        aggregate = scope.aggregate.rawValue
        amount = Amount(table.text(of: line.amount))
        change = line.change.map { Change($0.text(scope.measure.text(of:))) }
        published = Amount(table.text(of: line.published))
        denominator = Amount(table.text(of: table.denominator))
        sharePercent = line.percent.map { Percent($0) }
        overLimit = Amount(table.text(of: table.overLimit(of: entity)))
        estimated = Amount(table.text(of: table.estimated(of: entity)))
    }
}
