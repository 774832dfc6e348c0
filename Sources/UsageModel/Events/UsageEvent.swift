/// A run of bytes that a decoder found: in the record itself, or in the decoder's scratch when it had to be unescaped
/// or is a configured default.
///
/// A range instead of a `String` is what keeps the event path free of allocation: names become strings once per batch
/// and distinct name, not once per event.
package struct FieldRange: Sendable, Equatable {
    /// Offset of the first byte within the record or the scratch.
    package var start: UInt32
    /// Number of bytes; 0 means that the field is absent.
    package var count: UInt32
    /// Whether the offset is into the decoder's scratch instead of the record.
    package var isInScratch: Bool

    @inlinable
    package init(start: UInt32, count: UInt32, isInScratch: Bool = false) {
        self.start = start
        self.count = count
        self.isInScratch = isInScratch
    }

    package static let absent = FieldRange(start: 0, count: 0)
}

/// One usage event as a decoder sees it: numbers by value, names as places in the bytes it was read from.
///
/// It is only meaningful together with the record and scratch that its ranges point into, and only until the decoder
/// moves on.
package struct UsageEvent: Sendable {
    /// The event's minute: minutes since 1970-01-01T00:00Z, rounded down.
    package var minute: Int64
    package var tenant: FieldRange
    package var model: FieldRange
    package var region: FieldRange
    package var layer: Layer
    package var workload: Workload
    package var modality: Modality
    package var counts: TokenCounts
    /// The rule by which the counts were understood, where they needed one.
    package var repair: UsageRepair?
    /// The sender's own name for this event, by which a repeated one is told; absent where it gave none.
    package var id: FieldRange
    /// Whether the counts are somebody's estimate: they are told apart from counted ones everywhere.
    package var isEstimated: Bool
    /// Whether it takes back what was counted before: its counts are subtracted.
    package var isTakenBack: Bool

    @inlinable @inline(__always)
    package init(
        minute: Int64 = 0, tenant: FieldRange = FieldRange(start: 0, count: 0),
        model: FieldRange = FieldRange(start: 0, count: 0), region: FieldRange = FieldRange(start: 0, count: 0),
        layer: Layer = .maas, workload: Workload = .online, modality: Modality = .text,
        counts: TokenCounts = TokenCounts(), id: FieldRange = FieldRange(start: 0, count: 0),
        isEstimated: Bool = false, isTakenBack: Bool = false
    ) {
        self.minute = minute
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.counts = counts
        self.id = id
        self.isEstimated = isEstimated
        self.isTakenBack = isTakenBack
        repair = nil
    }
}

/// Takes what a parser makes of its input, record by record, synchronously.
package protocol UsageEventSink: ~Copyable {
    /// Counts one event. Throws when it is well-formed but can't be counted here (outside the time window, too many
    /// distinct names, a sum that would wrap); the parser then calls ``reject(_:record:position:)`` with that reason.
    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection)

    /// Takes a record that was not counted.
    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition)

    /// Takes a record that is not for counting and nothing is wrong with.
    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition)

    /// Says how much of a running total hasn't been counted, and that the event which is passed next counts it.
    ///
    /// A sink that remembers nothing answers ``TotalAdvance/unremembered``.
    mutating func advance(_ total: RunningTotal) -> TotalAdvance
}

extension UsageEventSink where Self: ~Copyable {
    package mutating func advance(_ total: RunningTotal) -> TotalAdvance { .unremembered }
}

/// Where a record stands in its source.
package struct RecordPosition: Sendable, Hashable {
    /// 1 for the first line (or array element) of the source.
    package var line: UInt64
    /// Offset of the record's first byte from the start of the source, in bytes after decompression.
    package var byteOffset: UInt64

    package init(line: UInt64, byteOffset: UInt64) {
        self.line = line
        self.byteOffset = byteOffset
    }
}
