package import Usage

/// The table that events are summed in: one row per minute and key, names interned.
///
/// Nothing is allocated per event; memory grows, amortised, with distinct names and rows. Hashes are keyed with random
/// numbers of this process, so that nobody outside can choose names that collide.
package struct MinuteSums: Sendable {
    /// What became of an event that was fit to be counted.
    package enum Outcome: Sendable, Equatable {
        case added
        /// No room for another row, with nothing changed: seal what is here, ``removeAll(keepingCapacity:)``, add again.
        case full
    }

    /// Rows in the table.
    package var rowCount: Int { 0 }
    /// Events that were added or merged since the table was last emptied.
    package var eventCount: UInt64 { 0 }
    /// An upper bound of the batch's size before compression, in bytes; also about what the table holds in memory.
    package var estimatedBytes: Int { 0 }
    package var isEmpty: Bool { rowCount == 0 }

    /// - Parameter maxRows: rows at which the table is full; at most `Limits.maxRowsPerBatch`.
    package init(maxRows: Int = Limits.maxRowsPerBatch) {
    }

    /// Counts one event.
    ///
    /// - Parameters:
    ///   - record: what ranges that aren't in scratch point into.
    ///   - scratch: what ranges marked `isInScratch` point into.
    /// - Returns: ``Outcome/full``, with nothing counted, where the event needs a row and there is no room for one.
    /// - Throws: a ``Rejection`` for an event that can't be counted whatever is sealed: `bad-name`, `name-too-long`,
    ///   `missing-field`, `bad-time`, `count-too-large`, `inconsistent-counts`, `sum-too-large`, `too-many-names`.
    @discardableResult
    package mutating func add(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) -> Outcome {
        .added
    }

    /// Adds rows that were summed elsewhere (a request's, a write-ahead record's): all of them or none.
    ///
    /// An empty table with the default `maxRows` takes any rows that one such table gave.
    /// - Returns: ``Outcome/full``, with nothing changed, where the rows might not fit.
    @discardableResult
    package mutating func merge(_ rows: UsageRows, eventCount: UInt64) -> Outcome {
        .added
    }

    /// The sums in canonical form. The table stays as it is.
    package func rows() -> UsageRows {
        UsageRows()
    }

    /// Empties the table. Kept capacity makes the next batch of the same size free of allocation.
    package mutating func removeAll(keepingCapacity: Bool = true) {
    }
}
