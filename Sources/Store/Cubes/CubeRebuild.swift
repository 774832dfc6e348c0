internal import Postgres
internal import Reporting
internal import UsageModel

/// Makes the cells of cubes again that lie whole in a range of days, from batches, and compares and replaces them.
///
/// Cells of a calendar that isn't complete are made as far as it is.
struct CubeRebuild {
    private let job: RollupJob
    /// In minutes since 1970.
    private let minutes: Range<Int64>
    private let state: CubeState
    private let basis: CubeBasis

    private var connection: Connection { job.connection }
    private var writer: CubeWriter { CubeWriter(connection: connection, prefix: "rebuilt_") }

    /// Makes temporary tables for the cells.
    init(job: RollupJob, minutes: Range<Int64>) throws {
        self.job = job
        self.minutes = minutes
        state = try job.session.cubeState()
        basis = try job.cubes.basis(of: state, job.session)
        for table in CubeTable.allCases {
            try job.connection.execute(
                """
                CREATE TEMPORARY TABLE rebuilt_\(table.rawValue) (
                    LIKE \(table.rawValue) INCLUDING DEFAULTS INCLUDING INDEXES)
                """)
        }
    }

    func add(_ batches: [DecodedBatches.Good], names: [BatchNames]) throws {
        let cells = CubeBuilder(basis, of: batches, names: names, range: minutes)
        try writer.write(cells.cells(in: state))
    }

    /// Compares cells by piece and month. Must run in the transaction that replaces them; nobody writes cells until it
    /// ends.
    ///
    /// - Throws: ``StoreError`` with `.busy` where the registry or the calendars changed since the cells were made.
    func compare() throws -> [RebuildReport.Table] {
        try job.session.lockCubes(.alone)
        guard try job.session.cubeState() == state else {
            throw StoreError(.busy, "The registry was changed while sums were rebuilt. Try again.")
        }
        return try CubeTable.allCases.map { try compare($0) }
    }

    /// The stretches of cells that lie whole in the range: pieces, and months of each calendar that are answered.
    private var spans: [(calendar: Int16, seconds: Range<Int64>)] {
        let seconds = minutes.lowerBound * 60..<minutes.upperBound * 60
        return [(CubeLayout.pieces, seconds)]
            + zip(basis.layout.calendars, state.calendars).compactMap { calendar, row in
                let zone = calendar.zone
                let from = max(seconds.lowerBound, row.answersFrom?.seconds ?? .min)
                var start = zone.startOfMonth(at: from)
                if start < from { start = zone.startOfNextMonth(at: from) }
                let end = zone.startOfMonth(at: seconds.upperBound)
                return start < end ? (calendar.id, start..<end) : nil
            }
    }

    /// Where cells begin that are compared one by one. Where the hours that pieces were cut by are gone, usage of a day
    /// may stand in any of its pieces.
    private var starts: [Int64] {
        let roughBefore = state.calendars.compactMap(\.answersFrom).max()?.seconds ?? .min
        let seconds = minutes.lowerBound * 60..<minutes.upperBound * 60
        let pieces = basis.layout.pieces(in: seconds).filter {
            $0.seconds.lowerBound >= roughBefore || $0.seconds.lowerBound == $0.dayStart
        }
        let months = spans.dropFirst().flatMap { span -> [Int64] in
            guard let zone = basis.layout.calendars.first(where: { $0.id == span.calendar })?.zone else { return [] }
            var starts = [span.seconds.lowerBound]
            while let last = starts.last, last < span.seconds.upperBound {
                starts.append(zone.startOfNextMonth(at: last))
            }
            return starts
        }
        return Set(pieces.map(\.seconds.lowerBound) + months).sorted()
    }

    private func condition(_ sql: inout SQLParameters) -> String {
        let conditions = spans.map { span in
            let calendars = sql.bind(.int16Array([span.calendar, CubeLayout.withoutModels(span.calendar)]))
            let bounds = [span.seconds.lowerBound, span.seconds.upperBound].map {
                sql.bind(.timestamp(Timestamp(seconds: $0)))
            }
            return "calendar_id = ANY(\(calendars)) AND start_at >= \(bounds[0]) AND start_at < \(bounds[1])"
        }
        return "(\(conditions.joined(separator: " OR ")))"
    }

    private func compare(_ table: CubeTable) throws -> RebuildReport.Table {
        var sql = SQLParameters()
        let condition = condition(&sql)
        let starts = sql.bind(.timestampArray(starts.map { Timestamp(seconds: $0) }))
        let keys = table.keys.map(\.name).filter { $0 != "start_at" }
        let counts = CountColumns.names
        let sums = counts.map { "sum(\($0)) AS \($0)" }.joined(separator: ", ")
        func cells(_ name: String) -> String {
            """
            (SELECT \(keys.joined(separator: ", ")), width_bucket(start_at, \(starts)) AS place, \(sums)
               FROM \(name) WHERE \(condition) GROUP BY \(keys.joined(separator: ", ")), place)
            """
        }
        let matches = (keys + ["place"]).map { "s.\($0) = r.\($0)" }.joined(separator: " AND ")
        let differs = counts.map { "coalesce(s.\($0), 0) <> coalesce(r.\($0), 0)" }.joined(separator: " OR ")
        // Once, by pieces; and since changes take away what they add, of what they add.
        func total(_ side: String) -> String {
            counts.map { count in
                let cell = "\(side).\(count)"
                let added = table == .current ? cell : "greatest(\(cell), 0)"
                return "coalesce(sum(\(added)) FILTER (WHERE \(side).calendar_id = 0), 0)"
            }.joined(separator: ", ")
        }
        let row = try connection.query(
            """
            SELECT count(r.place), count(*) FILTER (WHERE \(differs)), \(total("s")), \(total("r"))
              FROM \(cells(table.rawValue)) s FULL JOIN \(cells("rebuilt_\(table.rawValue)")) r ON \(matches)
            """, sql.values, isOneOff: true
        ).one()
        return RebuildReport.Table(
            name: table.rawValue, rows: try row.decode(0), differing: try row.decode(1),
            stored: try StoreSession.counts(row, from: 2), rebuilt: try StoreSession.counts(row, from: 7))
    }

    /// Puts the rebuilt cells in the place of the stored ones.
    func replace() throws {
        for table in CubeTable.allCases {
            var sql = SQLParameters()
            let condition = condition(&sql)
            let columns = (table.keys.map(\.name) + CountColumns.names).joined(separator: ", ")
            try connection.query("DELETE FROM \(table.rawValue) WHERE \(condition)", sql.values, isOneOff: true)
            try connection.query(
                """
                INSERT INTO \(table.rawValue) (\(columns))
                SELECT \(columns) FROM rebuilt_\(table.rawValue) WHERE \(condition)
                """, sql.values, isOneOff: true)
        }
    }
}
