package import UsageModel

extension SignedTokenCounts {
    /// Whether a row of a segment may have them.
    var isInRange: Bool {
        let bounds = SegmentBounds.counts
        return bounds.contains(requests) && bounds.contains(input) && bounds.contains(cachedInput)
            && bounds.contains(output) && bounds.contains(reasoningOutput)
    }
}

/// What one key of a segment counts.
package struct SegmentRow: Sendable, Hashable {
    package var key: SegmentKey
    package var counts: SignedTokenCounts

    @inline(__always)
    package init(key: SegmentKey, counts: SignedTokenCounts) {
        self.key = key
        self.counts = counts
    }
}

/// What rows of a segment are told apart by. Raw values are in segments and in the database; they never change meaning.
package enum SegmentGranularity: UInt8, Sendable, CaseIterable {
    /// By tenant, model, region, layer, workload, modality and whether counts are estimated, over the hour; where a day
    /// of the reporting calendar begins within it, over the part before (minute 0) and the part after (the minute that
    /// it begins at).
    case hour = 1
    /// By minute, tenant and whether counts are estimated.
    case minuteByTenant = 2
    /// By minute, model and whether counts are estimated.
    case minuteByModel = 3
    /// By minute and whether counts are estimated.
    case minuteByProvider = 4

    /// Whether a key has only the parts that the granularity tells apart.
    func allows(_ key: SegmentKey) -> Bool {
        switch self {
        case .hour: key.layer != nil && key.workload != nil && key.modality != nil
        case .minuteByTenant: key.has(model: 0)
        case .minuteByModel: key.tenant == 0 && key.has(model: key.model)
        case .minuteByProvider: key.tenant == 0 && key.has(model: 0)
        }
    }
}

/// What a segment says of itself: it is the rows of one provider, hour and chunk of tenants, of one granularity, of the
/// batches at a range of ledger positions.
package struct SegmentHeader: Sendable, Hashable {
    package var granularity: SegmentGranularity
    /// The provider's id in the database.
    package var provider: Int16
    /// Hours since 1970-01-01T00:00Z.
    package var hour: Int64
    /// Of the tenants: see ``SegmentBounds/chunk(of:)``.
    package var chunk: Int32
    /// From 0: where a chunk has more rows than a segment may, they go on in the next part.
    package var part: Int16
    /// The batches are those at higher ledger positions …
    package var afterPosition: Int64
    /// … up to this one.
    package var lastPosition: Int64

    package init(
        granularity: SegmentGranularity, provider: Int16, hour: Int64, chunk: Int32, part: Int16 = 0,
        afterPosition: Int64, lastPosition: Int64
    ) {
        self.granularity = granularity
        self.provider = provider
        self.hour = hour
        self.chunk = chunk
        self.part = part
        self.afterPosition = afterPosition
        self.lastPosition = lastPosition
    }
}

/// Bounds of the segment format, each with its unit.
package enum SegmentBounds {
    /// The one format that this version writes and reads.
    static let formatVersion: UInt8 = 1
    /// The most rows of one segment.
    package static let maxRows = 131_072
    /// Tenants of one chunk: those whose ids are the same but for their lowest 12 bits.
    package static let tenantsPerChunk: Int64 = 1 << 12
    /// The largest count of a row, and with a minus the smallest, in tokens or requests: sums of 2^40 rows stay within
    /// 127 bits.
    package static let maxCount: Int128 = 1 << 86
    static let counts = -maxCount...maxCount
    /// Columns of rows: combination, minute, five counts.
    static let rowColumns = 7
    /// The largest segment before compression, in bytes: every value of every row of 16 bytes, and what stands before.
    static let maxContentBytes = maxRows * 16 * (rowColumns + 5) + 4_096
    /// The largest sealed segment, in bytes. zstd adds less than 1 % to what it can't compress.
    package static let maxSealedBytes = maxContentBytes + maxContentBytes / 64

    package static func chunk(of tenant: Int64) -> Int32 { Int32(truncatingIfNeeded: tenant / tenantsPerChunk) }
}

/// Why bytes are not a segment, or rows can't be sealed as one.
package struct SegmentError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// More rows or bytes than a segment may have.
        case tooLarge = "too-large"
        /// Not one zstd frame that holds what it promises.
        case badFrame = "bad-frame"
        /// The content breaks a rule of the format.
        case badContent = "bad-content"
        /// Rows are out of order, a key stands twice, or belongs into another segment.
        case badOrder = "bad-order"
        /// The same rows can be written in another way, which is the only one that counts.
        case notCanonical = "not-canonical"
    }

    package var code: Code
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
