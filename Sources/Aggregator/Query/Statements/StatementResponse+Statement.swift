internal import APIModel
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension StatementSummary {
    init(_ header: StatementHeader) {
        self.init()
        id = Int(header.id)
        scope = StatementScope {
            $0.id = header.scopeID
            $0.version = header.scopeVersion
            $0.sha256 = HexDigest(header.scopeDigest)
        }
        month = header.month.description
        status = header.status.rawValue
        sha256 = HexDigest(header.digest)
        asKnownAt = Moment(header.knownAt)
        position = Int(clamping: header.position)
        overrideReason = header.overrideReason
        proposedAt = Moment(header.proposedAt)
        proposedBy = header.proposedBy.holder
        proposedToken = header.proposedBy.token
        decision = header.decision.map { StatementDecisionRecord($0) }
    }
}

extension StatementDecisionRecord {
    fileprivate init(_ decision: StatementDecision) {
        self.init()
        self.decision = decision.kind.rawValue
        at = Moment(decision.at)
        by = decision.person.holder
        token = decision.person.token
        reason = decision.reason
    }
}

extension StatementResponse {
    /// The whole statement.
    ///
    /// - Parameter restated: what its figures would be now, where that was asked for.
    init(_ statement: Statement, restated: RestatedStatement? = nil) {
        self.init()
        let (content, table) = (statement.content, statement.content.table)
        summary = StatementSummary(statement.header)
        title = table.scope.title
        zone = table.scope.zone
        calendar = content.calendar
        measure = table.scope.measure.rawValue
        by = table.scope.entity.rawValue
        denominator = Amount(table.text(of: table.denominator))
        currency = table.scope.currency
        rows = zip(table.rows, table.percentages()).map { StatementRow($0, percent: $1, in: table) }
        total = StatementRow(table.total, percent: nil, in: table)
        shortcomings = content.shortcomings.map { Shortcoming($0) }
        coverage = content.coverage.map { StatementCoverageRow($0) }
        highWaterMarks = content.highWater.map { HighWaterMark($0) }
        canonicalForm = statement.text
        restatement = restated.map { RestatementRecord($0) }
    }
}

extension StatementRow {
    fileprivate init(_ row: ShareTable.Row, percent: String?, in table: ShareTable) {
        self.init()
        func amount(_ units: Int128) -> Amount { Amount(table.text(of: units)) }
        entity = row.isGathered || row.entity.isEmpty ? nil : row.entity
        gathered = row.gathered
        rank = row.rank
        numerator = amount(row.numerator)
        sharePercent = percent.map { Percent($0) }
        byKind = KindAmounts(row, in: table)
        unmapped = amount(row.unmapped)
        overLimit = OverLimitAmount(row, in: table)
        estimated = EstimatedAmount(row, in: table)
        revenueFrom = row.revenueFromText
        unpricedTokens = Count(row.unpricedTokens)
    }
}

extension Shortcoming {
    init(_ shortcoming: StatementShortcoming) {
        self.init()
        code = shortcoming.code.rawValue
        subject = shortcoming.subject.isEmpty ? nil : shortcoming.subject
        blocking = shortcoming.isBlocking
        text = shortcoming.text
    }
}

extension StatementCoverageRow {
    fileprivate init(_ coverage: StatementCoverage) {
        self.init()
        provider = coverage.provider
        collector = coverage.collector
        batches = Int(clamping: coverage.batches)
        events = Count(coverage.events)
        refused = Count(coverage.refused)
        firstMinute = coverage.firstMinute
        lastMinute = coverage.lastMinute
        lastSeen = coverage.lastSeen
        pending = Int(clamping: coverage.pending)
        quarantined = Int(clamping: coverage.quarantined)
    }
}

extension HighWaterMark {
    fileprivate init(_ highWater: StatementHighWater) {
        self.init()
        provider = highWater.provider
        collector = highWater.collector
        epoch = Int(clamping: highWater.epoch)
        nextSequence = Int(clamping: highWater.nextSequence)
        chain = HexDigest(highWater.chain)
    }
}

// MARK: Restatements

extension RestatementRecord {
    fileprivate init(_ restated: RestatedStatement) {
        self.init()
        let restatement = restated.restatement
        asKnownAt = Moment(restated.knownAt)
        position = Int(clamping: restated.position)
        changed = !restatement.isUnchanged
        denominator = RestatedFigure(restatement.denominator, in: restatement)
        rows = restatement.rows.map { RestatedRow($0, in: restatement) }
        total = RestatedRow(restatement.total, in: restatement)
    }
}

extension RestatedRow {
    init(_ row: Restatement.Row, in restatement: Restatement) {
        self.init()
        func figure(_ figure: Restatement.Figure) -> RestatedFigure { RestatedFigure(figure, in: restatement) }
        entity = row.isGathered || row.entity.isEmpty ? nil : row.entity
        gathered = row.isGathered
        changed = !row.isUnchanged
        closedPercent = row.closedPercent.map { Percent($0) }
        percentNow = row.percentNow.map { Percent($0) }
        numerator = figure(row.numerator)
        external = figure(row.external)
        ownBusiness = figure(row.ownBusiness)
        unclassified = figure(row.unclassified)
        otherKinds = figure(row.otherKinds)
        outsideFilters = figure(row.outsideFilters)
        unmapped = figure(row.unmapped)
        overLimit = figure(row.overLimit)
        estimated = figure(row.estimated)
        unpricedTokens = RestatedFigure(row.unpricedTokens) { String($0) }
    }
}

extension RestatedFigure {
    fileprivate init(_ figure: Restatement.Figure, in restatement: Restatement) {
        self.init(figure, text: restatement.measure.text(of:))
    }

    fileprivate init(_ figure: Restatement.Figure, text: (UInt128) -> String) {
        self.init()
        closed = Amount(DecimalText.signed(figure.closed, text))
        lateUsage = Change(figure.lateUsage.number(text))
        reclassification = Change(figure.reclassification.number(text))
        now = Amount(DecimalText.signed(figure.now, text))
    }
}
