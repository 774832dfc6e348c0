/// Everything that a statement freezes: a month's figures under a scope, with what they were made from.
///
/// Its canonical form, ``text``, is what is stored, hashed, printed and checked. Times are texts in UTC and stay what
/// was written.
package struct StatementContent: Sendable, Hashable {
    /// Scope, month and every figure.
    package var table: ShareTable
    /// The zone of the reporting calendar.
    package var calendar: String
    /// The moment up to which what was recorded counts, to the microsecond.
    package var knownAt: String
    /// The rollup position that the figures count up to.
    package var position: UInt64
    package var coverage: [StatementCoverage]
    package var highWater: [StatementHighWater]
    /// What was short at the proposal, or worth a warning.
    package var shortcomings: [StatementShortcoming]
    /// Why it was proposed all the same.
    package var overrideReason: String?
    package var proposedAt: String
    /// The person behind the token.
    package var proposedBy: String
    package var proposedToken: String

    package init(
        table: ShareTable, calendar: String, knownAt: String, position: UInt64, coverage: [StatementCoverage],
        highWater: [StatementHighWater], shortcomings: [StatementShortcoming], overrideReason: String?,
        proposedAt: String, proposedBy: String, proposedToken: String
    ) {
        self.table = table
        self.calendar = calendar
        self.knownAt = knownAt
        self.position = position
        self.coverage = coverage
        self.highWater = highWater
        self.shortcomings = shortcomings
        self.overrideReason = overrideReason
        self.proposedAt = proposedAt
        self.proposedBy = proposedBy
        self.proposedToken = proposedToken
    }
}

/// What one collector had delivered of the month when the statement was proposed.
package struct StatementCoverage: Sendable, Hashable {
    package var provider: String
    package var collector: String
    /// Batches that hold minutes of the month.
    package var batches: UInt64
    /// Events in them; a batch on the edge of the month counts whole.
    package var events: UInt128
    /// Events that were refused at the source, as those batches say.
    package var refused: UInt128
    /// The first and the last minute of the month that was delivered; `nil` where nothing was.
    package var firstMinute: String?
    package var lastMinute: String?
    package var lastSeen: String
    /// Batches of the month that were committed and not rolled up, so that they aren't in the figures.
    package var pending: UInt64
    /// Batches of the month that were quarantined, so that they aren't in the figures.
    package var quarantined: UInt64

    package init(
        provider: String, collector: String, batches: UInt64, events: UInt128, refused: UInt128, firstMinute: String?,
        lastMinute: String?, lastSeen: String, pending: UInt64, quarantined: UInt64
    ) {
        self.provider = provider
        self.collector = collector
        self.batches = batches
        self.events = events
        self.refused = refused
        self.firstMinute = firstMinute
        self.lastMinute = lastMinute
        self.lastSeen = lastSeen
        self.pending = pending
        self.quarantined = quarantined
    }
}

/// Up to where one epoch of a collector was committed when the statement was proposed.
package struct StatementHighWater: Sendable, Hashable {
    package var provider: String
    package var collector: String
    package var epoch: UInt64
    package var nextSequence: UInt64
    /// The chain of the batches' digests, 64 hexadecimal digits.
    package var chain: String

    package init(provider: String, collector: String, epoch: UInt64, nextSequence: UInt64, chain: String) {
        self.provider = provider
        self.collector = collector
        self.epoch = epoch
        self.nextSequence = nextSequence
        self.chain = chain
    }
}

/// One thing that a month's coverage lacks.
package struct StatementShortcoming: Sendable, Hashable {
    /// Raw values stand in answers and in canonical forms; they never change meaning.
    package enum Code: String, Sendable, CaseIterable {
        /// The month, or the grace after it, isn't over.
        case monthNotOver = "month-not-over"
        /// Nothing of the month counts.
        case nothingCounted = "nothing-counted"
        /// Batches of the month are committed and not rolled up.
        case pendingBatches = "pending-batches"
        /// A provider has no usage on days of the month.
        case silentProvider = "silent-provider"
        /// A provider's first usage of all lies within the month.
        case newProvider = "new-provider"
        /// A collector delivered nothing for days of the month.
        case silentCollector = "silent-collector"
        /// A collector hasn't been heard of since the end of the month and the grace after it.
        case collectorNotSeen = "collector-not-seen"
        /// Batches of the month were quarantined and not counted.
        case quarantinedBatches = "quarantined-batches"
        /// Sequence numbers of a collector have no batch in the ledger any more.
        case missingBatches = "missing-batches"
        /// Ledger positions have no batch any more.
        case missingPositions = "missing-positions"
        /// Usage that nobody has classified.
        case unclassifiedUsage = "unclassified-usage"
    }

    package var code: Code
    /// The collector that it is about, as `provider/collector`; empty where it is about the month.
    package var subject: String
    /// Whether the month can't be closed without a reason; otherwise it is a warning.
    package var isBlocking: Bool
    /// A sentence for people.
    package var text: String

    package init(_ code: Code, subject: String = "", isBlocking: Bool = true, text: String) {
        self.code = code
        self.subject = subject
        self.isBlocking = isBlocking
        self.text = text
    }

    /// Whether `other` is the same complaint, whatever its words and numbers.
    package func isSame(as other: StatementShortcoming) -> Bool { code == other.code && subject == other.subject }
}

extension StatementContent {
    /// What in a statement contradicts itself, in sentences; empty for every statement that was ever made.
    package var contradictions: [String] {
        var found: [String] = []
        func check(_ name: String, _ amount: (ShareTable.Row) -> Int128) {
            let sum = table.rows.reduce(Int128(0)) { $0 + amount($1) }
            if sum != amount(table.total) {
                found.append("The rows' \(name) add up to \(sum), and the total says \(amount(table.total)).")
            }
        }
        check("numerators", \.numerator)
        check("external usage", \.external)
        check("own business", \.ownBusiness)
        check("unclassified usage", \.unclassified)
        check("other kinds", \.otherKinds)
        check("usage outside the filters", \.outsideFilters)
        check("estimated usage", \.estimated)
        // What was taken back may make the rest of a row less than nothing.
        for row in table.rows + [table.total] where row.isWithoutNegatives && row.overLimit > row.everything {
            found.append(
                "Of \(row.everything) in the row '\(row.entity)', \(row.overLimit) stand under names beyond a budget.")
        }
        if table.scope.denominator == .everythingCounted, table.denominator != table.total.numerator {
            found.append("The denominator is \(table.denominator), and \(table.total.numerator) was counted.")
        }
        if shortcomings.contains(where: \.isBlocking), overrideReason == nil {
            found.append("Something was short, and no reason is given for closing all the same.")
        }
        return found
    }
}

extension ShareTable.Row {
    /// Whether none of its amounts is below 0.
    fileprivate var isWithoutNegatives: Bool {
        (byKind.values + [outsideFilters, unmapped, overLimit]).allSatisfy { $0 >= 0 }
    }
}
