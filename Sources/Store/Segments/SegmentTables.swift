internal import BatchFormat
internal import Postgres
internal import UsageModel

/// The tables of segments and their ranges.
struct SegmentTables {
    let connection: Connection
    /// Stands before the names of tables: empty for the real ones, otherwise that of temporary copies.
    var prefix = ""

    typealias Hour = SegmentBuilder.Hour

    static let all = ["segment_range", hourTable, minuteTable]
    static let hourTable = PartitionedTable.segmentHour.rawValue
    static let dayTable = PartitionedTable.tenantDay.rawValue
    static let minuteTable = PartitionedTable.segmentMinute.rawValue

    static func table(of granularity: SegmentGranularity) -> String {
        granularity == .hour ? hourTable : minuteTable
    }

    /// A range as it is stored.
    struct Range {
        var afterPosition: Int64
        var lastPosition: Int64
        var batches: Int
        var totals: SignedTokenCounts
        /// Whether its usage is in the days by tenant.
        var isInDays: Bool
    }

    /// The ranges of an hour, in their order.
    func ranges(of place: Hour) throws -> [Range] {
        try connection.query(
            """
            SELECT after_position, last_position, batches, \(Self.totalsAsText), is_in_days FROM \(prefix)segment_range
             WHERE provider_id = $1 AND hour = $2 ORDER BY after_position
            """, [.int(Int64(place.provider)), Self.hour(place.hour)]
        ).map { row in
            Range(
                afterPosition: try row.decode(0), lastPosition: try row.decode(1), batches: try row.decode(2),
                totals: try Self.totals(row, from: 3), isInDays: try row.decode(8))
        }
    }

    /// Where the last range of each of some hours ends; 0 where there is none.
    func lastPositions(of places: [Hour]) throws -> [Hour: Int64] {
        var found: [Hour: Int64] = [:]
        let rows = try connection.query(
            """
            SELECT r.provider_id, r.hour, max(r.last_position) FROM \(prefix)segment_range r
              JOIN unnest($1::int2[], $2::timestamptz[]) AS p (provider_id, hour)
                ON r.provider_id = p.provider_id AND r.hour = p.hour
             GROUP BY r.provider_id, r.hour
            """, [.int16Array(places.map(\.provider)), SegmentQueue.hours(places.map(\.hour))])
        for row in rows {
            let hour = try row.decode(1, as: Timestamp.self).seconds / 3_600
            found[Hour(provider: try row.decode(0), hour: hour)] = try row.decode(2)
        }
        return found
    }

    /// The segments of an hour, opened and held to what their rows of the table say, by granularity and chunk.
    ///
    /// - Throws: ``StoreError`` with `.damagedSegment`, which names the segment.
    func read(_ place: Hour) throws -> [ChunkKey: [SegmentReader]] {
        var found: [ChunkKey: [SegmentReader]] = [:]
        for key in try chunkKeys(of: place) { found[key] = try read(place, key) }
        return found
    }

    /// The granularities and chunks that an hour has segments of, in their order.
    func chunkKeys(of place: Hour) throws -> [ChunkKey] {
        try [Self.hourTable, Self.minuteTable].flatMap { table in
            try connection.query(
                """
                SELECT DISTINCT granularity, chunk FROM \(prefix)\(table) WHERE hour = $1 AND provider_id = $2
                 ORDER BY granularity, chunk
                """, [Self.hour(place.hour), .int(Int64(place.provider))]
            ).map { row in
                guard let granularity = SegmentGranularity(rawValue: try row.decode(0)) else {
                    throw StoreError(
                        .damagedSegment, "The table \(table) has a granularity that isn't known. Run rebuild --apply.")
                }
                return ChunkKey(granularity: granularity, chunk: try row.decode(1))
            }
        }
    }

    /// The segments of an hour, one granularity and one chunk, opened as by ``read(_:)``.
    func read(_ place: Hour, _ key: ChunkKey) throws -> [SegmentReader] {
        try connection.query(
            """
            \(selection(from: Self.table(of: key.granularity)))
             WHERE hour = $1 AND provider_id = $2 AND granularity = $3 AND chunk = $4 ORDER BY last_position, part
            """,
            [
                Self.hour(place.hour), .int(Int64(place.provider)), .int(Int64(key.granularity.rawValue)),
                .int(Int64(key.chunk)),
            ]
        ).map { try Self.open($0, of: place.provider) }
    }

    /// The segments by hour of some hours and one chunk of tenants, opened as by ``read(_:)``.
    func read(_ provider: Int16, hours: [Int64], chunk: Int32) throws -> [SegmentReader] {
        try connection.query(
            """
            \(selection(from: Self.hourTable)) WHERE hour = ANY($1) AND provider_id = $2 AND chunk = $3
             ORDER BY hour, last_position, part
            """, [SegmentQueue.hours(hours), .int(Int64(provider)), .int(Int64(chunk))]
        ).map { try Self.open($0, of: provider) }
    }

    /// The chunks of tenants that some hours have usage of.
    func chunks(of provider: Int16, hours: [Int64]) throws -> [Int32] {
        try connection.query(
            """
            SELECT DISTINCT chunk FROM \(prefix)\(Self.hourTable) WHERE hour = ANY($1) AND provider_id = $2 ORDER BY 1
            """, [SegmentQueue.hours(hours), .int(Int64(provider))]
        ).map { try $0.decode(0) }
    }

    /// What ``open(_:of:)`` reads of a row.
    static let columns =
        "granularity, chunk, part, last_position, row_count, digest, content, \(totalsAsText), hour"
    static let columnCount = 13

    private func selection(from table: String) -> String { "SELECT \(Self.columns) FROM \(prefix)\(table)" }

    struct ChunkKey: Hashable, Comparable {
        var granularity: SegmentGranularity
        var chunk: Int32

        static func < (left: ChunkKey, right: ChunkKey) -> Bool {
            (left.granularity.rawValue, left.chunk) < (right.granularity.rawValue, right.chunk)
        }
    }

    /// Opens a segment from ``columns``, held to what its row of the table says.
    ///
    /// - Throws: ``StoreError`` with `.damagedSegment`, which names the segment.
    static func open(_ row: Row, of provider: Int16) throws -> SegmentReader {
        let place = Hour(provider: provider, hour: try row.decode(12, as: Timestamp.self).seconds / 3_600)
        let (granularity, chunk, part) = (
            try row.decode(0, as: UInt8.self), try row.decode(1, as: Int32.self), try row.decode(2, as: Int16.self)
        )
        let last: Int64 = try row.decode(3)
        let name =
            "granularity \(granularity) of provider \(place.provider), hour \(place.hour), chunk \(chunk), part "
            + "\(part), position \(last)"
        let reader: SegmentReader
        do {
            reader = try SegmentReader(sealed: try row.decode(6))
        } catch let error as SegmentError {
            throw StoreError(.damagedSegment, "The segment \(name) can't be read: \(error). Run rebuild --apply.")
        }
        let header = reader.header
        let rowCount: Int = try row.decode(4)
        let digest: [UInt8] = try row.decode(5)
        let totals = try totals(row, from: 7)
        let isWhatItSays =
            header.granularity.rawValue == granularity && header.provider == place.provider
            && header.hour == place.hour && header.chunk == chunk && header.part == part && header.lastPosition == last
            && reader.rowCount == rowCount && reader.digest.bytes == digest && reader.totals(reader.rows) == totals
        guard isWhatItSays else {
            throw StoreError(
                .damagedSegment, "The segment \(name) isn't what the table says of it. Run rebuild --apply.")
        }
        return reader
    }

    /// Adds ranges with their segments.
    func insert(_ hours: [SealedHour]) throws {
        if hours.isEmpty { return }
        let inserted = try connection.query(
            """
            INSERT INTO \(prefix)segment_range (provider_id, hour, after_position, last_position, batches,
                is_in_days, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_output_tokens)
            SELECT a, b, c, d, e, f = 1, g, h, i, j, k
              FROM unnest($1::int2[], $2::timestamptz[], $3::int8[], $4::int8[], $5::int8[], $6::int2[],
                $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[]) AS t (a, b, c, d, e, f, g, h, i, j, k)
            """,
            [
                .int16Array(hours.map(\.place.provider)), SegmentQueue.hours(hours.map(\.place.hour)),
                .int64Array(hours.map(\.afterPosition)), .int64Array(hours.map(\.lastPosition)),
                .int64Array(hours.map { Int64($0.batches) }), .int16Array(hours.map { $0.isInDays ? 1 : 0 }),
            ] + Parameter.numericColumns(hours.map(\.totals))
        ).affectedRows
        precondition(inserted == hours.count, "\(inserted) of \(hours.count) ranges were written")
        for table in [Self.hourTable, Self.minuteTable] {
            let segments = hours.flatMap(\.segments).filter { Self.table(of: $0.header.granularity) == table }
            for portion in Array(segments.indices).portions(of: Self.portionSegments) {
                try insert(portion.map { segments[$0] }, into: table)
            }
        }
    }

    /// Segments of one statement: a few megabytes.
    private static let portionSegments = 32

    private func insert(_ segments: [Segment], into table: String) throws {
        let inserted = try connection.query(
            """
            INSERT INTO \(prefix)\(table) (hour, provider_id, granularity, chunk, part, last_position, row_count, digest,
                content, requests, input_tokens, cached_input_tokens, output_tokens, reasoning_output_tokens)
            SELECT *
              FROM unnest($1::timestamptz[], $2::int2[], $3::int2[], $4::int4[], $5::int2[], $6::int8[], $7::int4[],
                $8::bytea[], $9::bytea[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[])
            """,
            [
                SegmentQueue.hours(segments.map(\.header.hour)), .int16Array(segments.map(\.header.provider)),
                .int16Array(segments.map { Int16($0.header.granularity.rawValue) }),
                .int32Array(segments.map(\.header.chunk)), .int16Array(segments.map(\.header.part)),
                .int64Array(segments.map(\.header.lastPosition)), .int32Array(segments.map { Int32($0.rowCount) }),
                .bytesArray(segments.map(\.digest.bytes)), .bytesArray(segments.map(\.sealed)),
            ] + Parameter.numericColumns(segments.map(\.totals))
        ).affectedRows
        precondition(inserted == segments.count, "\(inserted) of \(segments.count) segments were written to \(table)")
    }

    /// Removes an hour's ranges and segments.
    func remove(_ place: Hour) throws {
        for table in Self.all {
            try connection.query(
                "DELETE FROM \(prefix)\(table) WHERE hour = $1 AND provider_id = $2",
                [Self.hour(place.hour), .int(Int64(place.provider))])
        }
    }

    static func hour(_ hour: Int64) -> Parameter { .timestamp(Timestamp(seconds: hour * 3_600)) }

    static let totalsAsText = CountColumns.names.map { "\($0)::text" }.joined(separator: ", ")

    static func totals(_ row: Row, from column: Int) throws -> SignedTokenCounts {
        func count(_ index: Int) throws -> Int128 {
            let text: String = try row.decode(column + index)
            guard let count = Int128(text) else {
                throw StoreError(.damagedSegment, "A total of segments is \(text), which is no whole number.")
            }
            return count
        }
        return SignedTokenCounts(
            requests: try count(0), input: try count(1), cachedInput: try count(2), output: try count(3),
            reasoningOutput: try count(4))
    }
}
