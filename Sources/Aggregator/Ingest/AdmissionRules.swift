package import Store
package import UsageModel

/// What a batch must keep to beyond its format, so that whatever is committed can be rolled up at a bounded cost.
///
/// A batch that breaks one of these isn't wrong: it is answered "later", and its collector keeps the sealed bytes until
/// a clock is set right or an operator widens a rule.
package struct AdmissionRules: Sendable, Equatable {
    /// A collector that may bring old usage: somebody said so.
    package struct DeclaredImport: Sendable, Equatable {
        package var collector: CollectorKey
        /// The first day (UTC) of what it brings.
        package var since: CalendarDate

        package init(collector: CollectorKey, since: CalendarDate) {
            self.collector = collector
            self.since = since
        }
    }

    /// How far before the aggregator's clock usage may lie, in seconds: a day more than collectors take by default.
    package static let defaultBackSeconds: Int64 = 401 * 86_400
    /// How far after the aggregator's clock usage may lie, in seconds: a day more than collectors take by default.
    package static let defaultAheadSeconds: Int64 = 86_400 + 300
    /// Rows of one batch. Collectors seal at 100,000 by default; the rollup of so many takes some seconds.
    package static let defaultMaxRows = 131_072

    package var backSeconds: Int64
    package var aheadSeconds: Int64
    package var maxRows: Int
    package var imports: [DeclaredImport]

    package init(
        backSeconds: Int64 = defaultBackSeconds, aheadSeconds: Int64 = defaultAheadSeconds,
        maxRows: Int = defaultMaxRows, imports: [DeclaredImport] = []
    ) {
        self.backSeconds = backSeconds
        self.aheadSeconds = aheadSeconds
        self.maxRows = maxRows
        self.imports = imports
    }

    /// Why a batch isn't taken now; `nil` where it is.
    ///
    /// - Parameter minutes: the batch's first and last, in minutes since 1970; `nil` without rows.
    func refusal(
        of identity: CollectorIdentity, rowCount: Int, minutes: ClosedRange<Int64>?, sealedAt: Timestamp, now: Timestamp
    ) -> BatchRefusal? {
        guard rowCount <= maxRows else { return .tooManyRows(rowCount, limit: maxRows) }
        let taken = minutesTaken(from: CollectorKey(identity), now: now)
        guard let minutes, !taken.contains(minutes.lowerBound) || !taken.contains(minutes.upperBound) else {
            return nil
        }
        return .outsideTimeWindow(minutes, taken: taken, clockOffsetSeconds: sealedAt.seconds - now.seconds)
    }

    private func minutesTaken(from key: CollectorKey, now: Timestamp) -> ClosedRange<Int64> {
        let declared = imports.filter { $0.collector == key }.map(\.since.days).min().map { $0 * 1_440 }
        let first = (now.seconds - backSeconds).flooredDivision(by: 60)
        let last = (now.seconds + aheadSeconds).flooredDivision(by: 60)
        return min(declared ?? first, first)...last
    }
}
