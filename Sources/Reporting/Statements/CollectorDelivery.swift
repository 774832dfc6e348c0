internal import Scopes
package import UsageModel

/// What the ledger says that a collector delivered of a month.
package struct CollectorDelivery: Sendable {
    package var provider: String
    package var collector: String
    package var batches: UInt64
    package var events: UInt128
    package var refused: UInt128
    /// The first and last minute of the month that its batches reach over, since 1970-01-01T00:00Z.
    package var firstMinute: Int64?
    package var lastMinute: Int64?
    /// Whether usage of the month is expected of it: it delivered some of the month or of the month before, or it
    /// delivered earlier and has been heard of since the month began.
    package var isExpected: Bool
    /// The days of the month that no batch reaches into, counted from 1, in order.
    package var silentDays: [Int]
    /// Whether it began within the month.
    package var isNew: Bool
    package var lastSeen: Timestamp
    /// Batches of the month that are committed and not rolled up yet.
    package var pending: UInt64
    /// Batches of the month that were quarantined.
    package var quarantined: UInt64

    package init(
        provider: String, collector: String, batches: UInt64, events: UInt128, refused: UInt128, firstMinute: Int64?,
        lastMinute: Int64?, isExpected: Bool, silentDays: [Int], isNew: Bool, lastSeen: Timestamp,
        pending: UInt64, quarantined: UInt64
    ) {
        self.provider = provider
        self.collector = collector
        self.batches = batches
        self.events = events
        self.refused = refused
        self.firstMinute = firstMinute
        self.lastMinute = lastMinute
        self.isExpected = isExpected
        self.silentDays = silentDays
        self.isNew = isNew
        self.lastSeen = lastSeen
        self.pending = pending
        self.quarantined = quarantined
    }

    var name: String { "\(provider)/\(collector)" }

    /// The days that are missing. Of a collector that began within the month, only those after it began: the days
    /// before its first usage are 1, 2, 3 … without a gap.
    var missingDays: [Int] {
        guard isNew else { return silentDays }
        let before = zip(silentDays, 1...).prefix { $0 == $1 }.count
        return Array(silentDays.dropFirst(before))
    }

    /// As it stands in a statement.
    var frozen: StatementCoverage {
        StatementCoverage(
            provider: provider, collector: collector, batches: batches, events: events, refused: refused,
            firstMinute: firstMinute.map(Self.text), lastMinute: lastMinute.map(Self.text),
            lastSeen: lastSeen.exactText, pending: pending, quarantined: quarantined)
    }

    private static func text(_ minute: Int64) -> String { CivilTime.clockText(second: minute * 60) + "Z" }
}

extension Timestamp {
    /// In UTC to the microsecond, as statements write times.
    var exactText: String { CivilTime.exactText(microseconds: microseconds) }
}
