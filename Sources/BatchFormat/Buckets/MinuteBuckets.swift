internal import UsageModel

/// The table that events are summed in: one row per minute and key, names interned.
///
/// Nothing is allocated per event; memory grows, amortised, with distinct names and rows. Hashes are keyed with random
/// numbers of this process, so that nobody outside can choose names that collide.
package struct MinuteBuckets: Sendable {
    /// What became of an event that was fit to be counted.
    package enum Outcome: Sendable, Equatable {
        case added
        /// No room, and nothing was counted: seal what is here, ``removeAll(keepingCapacity:)``, add again.
        case full
    }

    struct Row: Sendable {
        var key: RowKey
        var minute: UInt32
        var counts: TokenCounts
    }

    /// Events that were added or merged since the table was last emptied.
    package internal(set) var eventCount: UInt64 = 0
    /// Rows at which the table is full.
    package let maxRows: Int

    var tenants: NameTable
    var models: NameTable
    var regions: NameTable
    /// In the order in which they were first seen.
    var table: [Row] = []
    /// 0, or upper bits of a key's hash above its row's index plus 1. A power of two of them, at most half in use.
    var slots: [UInt32]
    let hash: KeyedHash

    static let initialSlotCount = 1_024
    /// The bits of a slot that hold a row's index plus 1.
    static let slotIndexMask: UInt32 = 1 << 20 - 1

    /// - Parameter maxRows: rows at which the table is full; at most `Limits.maxRowsPerBatch`.
    package init(maxRows: Int = Limits.maxRowsPerBatch) {
        self.init(maxRows: maxRows, hash: .ofProcess)
    }

    /// - Parameter generator: where the hash's keys come from.
    package init(maxRows: Int = Limits.maxRowsPerBatch, using generator: inout some RandomNumberGenerator) {
        self.init(maxRows: maxRows, hash: KeyedHash(using: &generator))
    }

    private init(maxRows: Int, hash: KeyedHash) {
        precondition(maxRows > 0 && maxRows <= Limits.maxRowsPerBatch, "maxRows \(maxRows) is out of range")
        precondition(RowKey.holdsLimits, "the limits outgrew the row key")
        precondition(Limits.maxRowsPerBatch <= Int(Self.slotIndexMask), "the limits outgrew the slots")
        self.hash = hash
        self.maxRows = maxRows
        tenants = .tenants(hash)
        models = .models(hash)
        regions = .regions(hash)
        slots = Array(repeating: 0, count: Self.initialSlotCount)
    }

    /// Rows in the table.
    package var rowCount: Int { table.count }
    package var isEmpty: Bool { table.isEmpty }

    /// An upper bound of the batch's size before compression, in bytes; also about what the table holds in memory.
    package var estimatedBytes: Int {
        BatchBounds.maxFramingBytes + table.count * BatchBounds.maxColumnBytesPerRow
            + (tenants.count + models.count + regions.count) * BatchBounds.maxColumnBytesPerName
            + tenants.byteCount + models.byteCount + regions.byteCount
    }

    /// Whether it has memory for many times the rows that it holds.
    package var isOversized: Bool { slots.count > Self.initialSlotCount && table.count * 16 < slots.count }

    /// Empties the table. Kept capacity makes the next batch of the same size free of allocation.
    package mutating func removeAll(keepingCapacity: Bool = true) {
        eventCount = 0
        tenants.removeAll(keepingCapacity: keepingCapacity)
        models.removeAll(keepingCapacity: keepingCapacity)
        regions.removeAll(keepingCapacity: keepingCapacity)
        table.removeAll(keepingCapacity: keepingCapacity)
        if keepingCapacity {
            for index in slots.indices { slots[index] = 0 }
        } else {
            slots = Array(repeating: 0, count: Self.initialSlotCount)
        }
    }
}
