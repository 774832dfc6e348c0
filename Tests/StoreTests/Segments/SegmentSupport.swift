import BatchFormat
import Postgres
import Reporting
import Testing
import UsageModel

@testable import Store

extension World {
    @discardableResult
    func merge(_ policy: SegmentPolicy = SegmentPolicy(), now: Timestamp) async throws -> SegmentReport {
        try await store.mergeSegmentsNext(policy, now: now, decode: payloads.decode)
    }

    /// Merges until there is nothing more to merge. - Returns: what each look found.
    @discardableResult
    func mergeAll(_ policy: SegmentPolicy = SegmentPolicy(), now: Timestamp) async throws -> [SegmentReport] {
        var reports: [SegmentReport] = []
        while reports.last?.status != .idle { reports.append(try await merge(policy, now: now)) }
        return reports
    }

    func count(_ table: String) async throws -> Int {
        try await store.pool.withConnection { try $0.query("SELECT count(*) FROM \(table)").one().decode(0) }
    }

    /// All ranges, each as where it begins, where it ends, and how many batches it has.
    func ranges() async throws -> [String] {
        try await store.pool.withConnection { connection in
            try connection.query(
                "SELECT after_position || '-' || last_position || ': ' || batches FROM segment_range ORDER BY 1"
            ).map { try $0.decode(0) }
        }
    }

    func inputsOfSegments() async throws -> [String: Int128] {
        try await store.pool.withConnection { connection in
            let names = try TestNames(connection)
            var inputs: [String: Int128] = [:]
            try Self.segmentRows(connection) { granularity, _, row in
                if granularity == .hour { inputs[names.tenant(row.key.tenant), default: 0] += row.counts.input }
            }
            return inputs
        }
    }

    private static func segmentRows(
        _ connection: Connection, _ body: (SegmentGranularity, SegmentTables.Hour, SegmentRow) throws -> Void
    ) throws {
        let tables = SegmentTables(connection: connection)
        for row in try connection.query("SELECT DISTINCT provider_id, hour FROM segment_range") {
            let hour = try row.decode(1, as: Timestamp.self).seconds / 3_600
            let place = SegmentTables.Hour(provider: try row.decode(0), hour: hour)
            for reader in try tables.read(place).values.flatMap({ $0 }) {
                try reader.checkCanonical()
                try reader.forEach(reader.rows) { try body(reader.header.granularity, place, $0) }
            }
        }
    }
}

// MARK: What was counted

/// The names behind ids.
struct TestNames {
    private var tenants: [Int64: String] = [:]
    private var models: [Int32: String] = [:]
    private var regions: [Int32: String] = [:]

    init(_ connection: Connection) throws {
        for row in try connection.query("SELECT tenant_id, name FROM tenant") {
            tenants[try row.decode(0)] = try row.decode(1)
        }
        for row in try connection.query("SELECT model_id, name FROM model") {
            models[try row.decode(0)] = try row.decode(1)
        }
        for row in try connection.query("SELECT region_id, name FROM region") {
            regions[try row.decode(0)] = try row.decode(1)
        }
    }

    func tenant(_ id: Int64) -> String { tenants[id] ?? "-" }
    func model(_ id: Int32) -> String { models[id] ?? "-" }
    func region(_ id: Int32) -> String { regions[id] ?? "-" }
}

/// A counted row, under the names that it was counted under.
struct CountedRow {
    var provider: Int16
    var tenant: String
    var model: String
    var region: String
    var row: UsageRow

    var hour: Int64 { row.minute.flooredDivision(by: 60) }

    var codes: String { "\(row.layer.rawValue) \(row.workload.rawValue) \(row.modality.rawValue)" }
}

extension World {
    /// The rows that all counted batches were made of.
    func counted(_ connection: Connection) throws -> [CountedRow] {
        var counted: [CountedRow] = []
        for row in try connection.query(
            """
            SELECT l.provider_id, l.digest, coalesce(f.over_limit_tenants, '{}')::text,
                   coalesce(f.over_limit_models, '{}')::text, coalesce(f.over_limit_regions, '{}')::text
              FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
            """)
        {
            guard let rows = payloads.rows(ofDigest: try row.decode(1)) else { throw Unexpected(what: "a batch") }
            func names(_ all: [String], _ column: Int) throws -> [String] {
                let list = try row.decode(column, as: String.self).dropFirst().dropLast()
                let places = Set(list.split(separator: ",").map(String.init))
                return all.enumerated().map { places.contains("\($0.offset)") ? "(over-limit)" : $0.element }
            }
            let (tenants, models, regions) = (
                try names(rows.tenants, 2), try names(rows.models, 3), try names(rows.regions, 4)
            )
            let provider: Int16 = try row.decode(0)
            counted += rows.rows.map {
                CountedRow(
                    provider: provider, tenant: tenants[Int($0.tenant)], model: models[Int($0.model)],
                    region: regions[Int($0.region)], row: $0)
            }
        }
        return counted
    }

    /// What every row of every granularity that is kept must be, from the rows that batches were made of.
    func countedRows() async throws -> [String: SignedTokenCounts] {
        try await store.pool.withConnection { try countedRows($0) }
    }

    private func countedRows(_ connection: Connection) throws -> [String: SignedTokenCounts] {
        let floors = try StoreSession(connection, calendar: store.calendar).floors()
        var sums: [String: SignedTokenCounts] = [:]
        for row in try counted(connection) {
            let counts = SignedTokenCounts(row.row.counts)
            let (hour, minute) = (row.hour, row.row.minute - row.hour * 60)
            for granularity in SegmentGranularity.allCases where floors.keep(granularity, of: hour) {
                let key =
                    switch granularity {
                    case .hour: "0 \(row.tenant) \(row.model) \(row.region) \(row.codes)"
                    case .minuteByTenant: "\(minute) \(row.tenant) - - 0 0 0"
                    case .minuteByModel: "\(minute) - \(row.model) - 0 0 0"
                    case .minuteByProvider: "\(minute) - - - 0 0 0"
                    }
                sums["\(granularity) \(row.provider) \(hour) \(key)", default: SignedTokenCounts()] += counts
            }
        }
        return sums
    }

    /// Holds segments, with the batches that wait, to the rows that batches were made of.
    func expectSegmentsExact(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let (decode, cubes) = (payloads.decode, store.cubeMemory)
        let (found, expected) = try await store.pool.withConnection { connection in
            let names = try TestNames(connection)
            var found: [String: SignedTokenCounts] = [:]
            let job = RollupJob(
                connection: connection, calendar: store.calendar, partitions: PartitionCache(), cubes: cubes,
                decode: decode)
            let floors = try job.session.floors()
            func add(_ granularity: SegmentGranularity, _ place: SegmentTables.Hour, _ row: SegmentRow) {
                guard floors.keep(granularity, of: place.hour) else { return }
                let key = row.key
                let codes = [key.layer?.rawValue ?? 0, key.workload?.rawValue ?? 0, key.modality?.rawValue ?? 0]
                let minute = granularity == .hour ? 0 : key.minute
                let line =
                    "\(granularity) \(place.provider) \(place.hour) \(minute) \(names.tenant(key.tenant)) "
                    + "\(names.model(key.model)) \(names.region(key.region)) "
                    + codes.map { "\($0)" }.joined(separator: " ")
                found[line, default: SignedTokenCounts()] += row.counts
            }
            try Self.segmentRows(connection, add)
            // What waits, by what the queue says.
            var builder = SegmentBuilder(floors: floors, calendar: store.calendar)
            for queued in try SegmentQueue(connection: connection).read(from: 0, to: 1_000_000) {
                var batch = try job.read([queued.batch]).good
                batch[0].overLimit = try job.overLimitNames(at: [queued.position])[queued.position] ?? OverLimitNames()
                let names = try job.names(of: batch, naming: .known)
                try builder.add(batch[0].rows, names: names[0], hours: [queued.hour], position: queued.position)
            }
            for (place, hour) in builder.hours {
                for granularity in SegmentGranularity.allCases {
                    for row in hour.rows(granularity) ?? [] { add(granularity, place, row) }
                }
            }
            return (found, try countedRows(connection))
        }
        #expect(found == expected, sourceLocation: sourceLocation)
    }

    /// Holds what the rows of days add up to to the rows that batches were made of.
    func expectDaysExact(
        before end: String = "9999-01-01", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (found, expected) = try await store.pool.withConnection { connection in
            var found: [String: SignedTokenCounts] = [:]
            for row in try connection.query(
                """
                SELECT concat_ws(' ', d.day, d.provider_id, t.name, m.name, r.name, layer, workload, modality),
                       \(CountColumns.names.map { "sum(\($0))::text" }.joined(separator: ", "))
                  FROM tenant_day d JOIN tenant t USING (tenant_id) JOIN model m USING (model_id)
                  JOIN region r USING (region_id) WHERE day < '\(end)' GROUP BY 1
                """, isOneOff: true)
            {
                found[try row.decode(0)] = try SegmentTables.totals(row, from: 1)
            }
            var expected: [String: SignedTokenCounts] = [:]
            for row in try counted(connection) {
                let day = store.calendar.date(atSecond: row.row.minute * 60)
                if day >= date(end) { continue }
                expected[
                    "\(day) \(row.provider) \(row.tenant) \(row.model) \(row.region) \(row.codes)",
                    default: SignedTokenCounts()] += SignedTokenCounts(row.row.counts)
            }
            return (found.filter { !$0.value.isZero }, expected)
        }
        #expect(found == expected, sourceLocation: sourceLocation)
        try await expectMonthsExact(sourceLocation: sourceLocation)
    }

    /// Holds the months by tenant to the rows of their days.
    func expectMonthsExact(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let keys = "month, provider_id, tenant_id, is_estimated"
        let sums = CountColumns.names.map { "sum(\($0)) AS \($0)" }.joined(separator: ", ")
        let differ = CountColumns.names.map { "coalesce(m.\($0), 0) <> coalesce(d.\($0), 0)" }.joined(separator: " OR ")
        let differing = try await count(
            """
            tenant_month m FULL JOIN (
                SELECT date_trunc('month', day::timestamp)::date AS month, provider_id, tenant_id, is_estimated, \(sums)
                  FROM tenant_day GROUP BY 1, 2, 3, 4) d USING (\(keys)) WHERE \(differ)
            """)
        #expect(differing == 0, sourceLocation: sourceLocation)
    }
}
