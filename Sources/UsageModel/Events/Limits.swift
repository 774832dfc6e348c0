/// Bounds that every part of Steelyard holds to, in one place, each with its unit.
///
/// They are wide enough for any real record and narrow enough that no arithmetic on a record, a batch or a minute can
/// wrap: ``maxTokensPerField`` × ``maxRowsPerBatch`` stays below 2^64 (asserted in `LimitsTests`). They are
/// computed, so that what is held to them for each event is compared with a constant wherever it is.
package enum Limits {
    /// The largest token count that one field of one event may carry, in tokens: 10^12.
    ///
    /// An event may be pre-summed, so this is far above any single call; it is more than a fiftieth of what all of
    /// China used on a day of May 2025.
    @inlinable package static var maxTokensPerField: UInt64 { 1_000_000_000_000 }

    /// The largest number of calls that one event may stand for, in requests.
    @inlinable package static var maxRequestsPerEvent: UInt64 { 1_000_000_000_000 }

    /// The longest provider name, in bytes of UTF-8.
    @inlinable package static var maxProviderNameBytes: Int { 64 }
    /// The longest collector name, in bytes of UTF-8.
    @inlinable package static var maxCollectorNameBytes: Int { 64 }
    /// The longest tenant name, in bytes of UTF-8.
    @inlinable package static var maxTenantNameBytes: Int { 512 }
    /// The longest model name, in bytes of UTF-8.
    @inlinable package static var maxModelNameBytes: Int { 512 }
    /// The longest region name, in bytes of UTF-8.
    @inlinable package static var maxRegionNameBytes: Int { 512 }
    /// The longest id of an event, in bytes of UTF-8 after its escapes are spelt out.
    @inlinable package static var maxEventIDBytes: Int { 256 }

    /// The most rows (distinct minute × key) that one sealed batch may hold.
    @inlinable package static var maxRowsPerBatch: Int { 1_000_000 }
    /// The most distinct tenants in one sealed batch.
    @inlinable package static var maxTenantsPerBatch: Int { 500_000 }
    /// The most distinct models in one sealed batch; more is an attack or a request id in the wrong field.
    @inlinable package static var maxModelsPerBatch: Int { 10_000 }
    /// The most distinct regions in one sealed batch.
    @inlinable package static var maxRegionsPerBatch: Int { 1_000 }

    /// The longest input record (a line, a JSON element, a CSV record) that is read in one piece, in bytes. Of a longer
    /// one only what is read is kept, while it streams by.
    @inlinable package static var maxRecordBytes: Int { 1 << 20 }
    /// The deepest nesting of arrays and objects in a JSON record, in levels.
    @inlinable package static var maxJSONDepth: Int { 64 }

    /// The largest sealed (compressed) batch that is accepted on the wire, in bytes.
    @inlinable package static var maxSealedBatchBytes: Int { 16 << 20 }
    /// The largest decompressed batch, in bytes: refused from the frame header, before any output is made. With what
    /// the decompressor itself takes it stays below a sealed batch's size, so that a frame of a few bytes can't ask for
    /// more memory than one that was sent in full.
    @inlinable package static var maxDecodedBatchBytes: Int { 15 << 20 }
    /// The largest zstd window that a frame may ask for, as a power of two of bytes (8 MiB, RFC 9659).
    @inlinable package static var maxZstdWindowLog: Int { 23 }
}
