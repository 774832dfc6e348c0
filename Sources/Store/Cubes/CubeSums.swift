internal import Postgres
package import Reporting
internal import Scopes
package import UsageModel

extension StoreSession {
    /// Which questions cubes answer at a moment of knowledge. Must run in a snapshot.
    ///
    /// None where names of a provider that the caller may see were ever beyond a budget: cells don't tell usage under
    /// such names apart, and sums by tenant do.
    package func cubeCoverage(known: Timestamp) throws -> CubeCoverage {
        let hasOverLimit: Bool = try connection.query(
            "SELECT EXISTS (SELECT FROM new_names WHERE over_limit > 0)"
        ).one().decode(0)
        if hasOverLimit { return CubeCoverage() }
        let rows = try connection.query(
            """
            SELECT c.calendar_id, c.zone, c.answers_from,
                   (SELECT min(recorded_at) FROM registry_version WHERE recorded_at > $1)
              FROM cube_calendar c
             WHERE c.filled_to IS NULL AND (SELECT position = cube_position FROM rollup_state)
               AND (SELECT filled_to IS NULL FROM cube_calendar WHERE calendar_id = 1)
             ORDER BY c.calendar_id
            """, [.timestamp(known)])
        var coverage = CubeCoverage()
        for row in rows {
            coverage.calendars.append(
                CubeCoverage.Calendar(id: try row.decode(0), zone: try row.decode(1), answersFrom: try row.decode(2)))
            coverage.firstLaterVersion = try row.decode(3)
        }
        return coverage
    }

    /// What the plans of a reading count, and what they leave out, from cubes. Must run in a snapshot whose
    /// ``cubeCoverage(known:)`` has them.
    package func cubes(_ reading: CubeReading, known: Timestamp, visibility: Visibility) throws -> [CubeRow] {
        let hasChanges: Bool = try connection.query(
            "SELECT EXISTS (SELECT FROM registry_version WHERE recorded_at > $1)", [.timestamp(known)]
        ).one().decode(0)
        var sql = CubeSumsSQL(reading)
        let text = sql.text(changesAfter: hasChanges ? known : nil, visibility: visibility)
        // Row security makes the planner expect so few rows that it would sort thousands by all of their keys to group
        // them, which takes several times as long as hashing them.
        try connection.execute("SET LOCAL enable_sort = off")
        let rows = try keptRows(text, sql.parameters, as: Self.cubeRow(_:))
        try connection.execute("SET LOCAL enable_sort = on")
        return rows
    }

    private static func cubeRow(_ row: Row) throws -> CubeRow {
        CubeRow(
            provider: try row.decode(0), tenantKind: try kind(row, 1), model: try row.decode(3),
            region: try row.decode(4), layer: try code(row, 5, of: Layer.init(rawValue:)),
            workload: try code(row, 6, of: Workload.init(rawValue:)), segment: try row.decode(7),
            passes: try row.decode(2), isEstimated: try row.decode(8), counts: try counts(row, from: 9))
    }
}

/// The text and parameters of a reading of cubes. Text is made of fixed pieces only; every value is a parameter.
struct CubeSumsSQL {
    private let reading: CubeReading
    private var sql = SQLParameters()
    var parameters: [Parameter] { sql.values }

    init(_ reading: CubeReading) {
        self.reading = reading
    }

    /// Columns: provider, kind, a bit for each of the reading's conditions; model, region, layer and workload, each
    /// NULL where no plan tells it apart; the segment's index; whether counts are estimated; five sums. In no order,
    /// without rows whose sums are all 0.
    ///
    /// - Parameter known: the moment whose later changes are taken back; `nil` where there are none.
    mutating func text(changesAfter known: Timestamp?, visibility: Visibility) -> String {
        let granularity = reading.granularity
        let cells = cells(changesAfter: known)
        var all = sql.visibility(visibility)
        if let providers = reading.providers { all.append(sql.included(providers)) }
        func column(_ name: String, type: String, if isNeeded: Bool) -> String {
            isNeeded ? "u.\(name)" : "NULL::\(type) AS \(name)"
        }
        let keys = [
            "u.provider_id", "u.kind", "\(passes()) AS passes",
            column("model_id", type: "int4", if: granularity.byModel),
            column("region_id", type: "int4", if: granularity.byRegion),
            column("layer", type: "int2", if: granularity.byLayer),
            column("workload", type: "int2", if: granularity.byWorkload), "\(segment()) AS segment", "u.is_estimated",
        ]
        let sums = CountColumns.names.map { "sum(u.\($0)) AS \($0)" }
        let isSomething = CountColumns.names.map { "sum(u.\($0)) <> 0" }.joined(separator: " OR ")
        return """
            SELECT p.name, s.kind, s.passes, m.name, r.name, s.layer, s.workload, s.segment, s.is_estimated,
                   \(CountColumns.names.map { "s.\($0)" }.joined(separator: ", "))
              FROM (SELECT \((keys + sums).joined(separator: ", "))
                      FROM (\(cells)) u
                     WHERE \(all.isEmpty ? "true" : all.joined(separator: " AND "))
                     GROUP BY \(keys.indices.map { "\($0 + 1)" }.joined(separator: ", "))
                    HAVING \(isSomething)) s
              JOIN provider p USING (provider_id) LEFT JOIN model m USING (model_id)
              LEFT JOIN region r USING (region_id)
            """
    }

    private static let keys = [
        "start_at", "provider_id", "kind", "model_id", "region_id", "layer", "workload", "modality", "is_estimated",
    ]

    /// The cells of every stretch, and the later changes with their signs turned.
    private mutating func cells(changesAfter known: Timestamp?) -> String {
        let version = known.map { sql.bind(.timestamp($0)) }
        let taken = CountColumns.names.map { "-\($0)" }
        return reading.stretches.flatMap { stretch in
            let calendar = sql.bind(.int(Int64(stretch.calendar)))
            let from = sql.bind(.timestamp(Timestamp(seconds: stretch.seconds.lowerBound)))
            let to = sql.bind(.timestamp(Timestamp(seconds: stretch.seconds.upperBound)))
            let condition = "calendar_id = \(calendar) AND start_at >= \(from) AND start_at < \(to)"
            return [
                "SELECT \((Self.keys + CountColumns.names).joined(separator: ", ")) FROM cube WHERE \(condition)"
            ]
                + (version.map {
                    [
                        """
                        SELECT \((Self.keys + taken).joined(separator: ", ")) FROM cube_change
                         WHERE recorded_at > \($0) AND \(condition)
                        """
                    ]
                } ?? [])
        }.joined(separator: " UNION ALL ")
    }

    private mutating func segment() -> String {
        let starts = Array(reading.starts.dropFirst().dropLast())
        if starts.isEmpty { return "0" }
        return "width_bucket(u.start_at, \(sql.bind(.timestampArray(starts.map { Timestamp(seconds: $0) }))))"
    }

    private mutating func passes() -> String {
        let bits = reading.conditions.enumerated().map { bit, conditions in
            conditions.isEmpty
                ? "\(Int64(1) << bit)"
                : "CASE WHEN \(sql.passing(conditions, overLimit: OverLimitIDs())) THEN \(Int64(1) << bit) ELSE 0 END"
        }
        return "(\(bits.joined(separator: " + ")))::int8"
    }
}
