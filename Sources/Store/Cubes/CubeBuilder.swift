internal import Reporting
internal import UsageModel

/// The key of a cell; its order is that of the tables' primary keys.
struct CellKey: Hashable, Comparable {
    /// The version that changed it; `nil` for what is known now.
    var version: Timestamp?
    /// A calendar's number, or ``CubeLayout/pieces``; or that of the cells without models beside them.
    var calendar: Int16
    /// When the piece or month begins, in seconds since 1970.
    var start: Int64
    var provider: Int16
    var kind: UInt8
    var model: Int32
    var region: Int32
    /// Layer (from bit 5 on), workload (two bits from 3 on) and modality.
    var codes: UInt8
    /// Whether the counts are somebody's estimate.
    var isEstimated = false

    static func < (left: CellKey, right: CellKey) -> Bool {
        if (left.calendar, left.start) != (right.calendar, right.start) {
            return (left.calendar, left.start) < (right.calendar, right.start)
        }
        let (first, second) = (left.version ?? CubeState.beginning, right.version ?? CubeState.beginning)
        if first != second { return first < second }
        return (left.provider, left.kind, left.model, left.region, left.traits)
            < (right.provider, right.kind, right.model, right.region, right.traits)
    }
}

extension CellKey {
    /// The codes, and behind them whether counts are estimated.
    private var traits: UInt16 { UInt16(codes) << 1 | (isEstimated ? 1 : 0) }
}

/// What is added to cells.
typealias CubeCells = [CellKey: SignedTokenCounts]

/// Adds usage up to cells of cubes, in memory.
///
/// Usage of tenants that always counted alike on a day is added up first, in one entry for all of them; only that is
/// spread over kinds, versions and months.
struct CubeBuilder {
    /// Where usage counts that a provider's tenants with one history have in a piece.
    private struct Group: Hashable {
        var provider: Int16
        var postings: [CubePosting]
    }

    let basis: CubeBasis
    private var groups: [Group] = []
    private var numbers: [Group: UInt32] = [:]
    private var pieces: [CubePiece] = []
    /// Places in ``pieces``, by their starts.
    private var places: [Int64: Int] = [:]
    private var sums: CellSums
    /// Of the usage that was added.
    private(set) var totals = SignedTokenCounts()

    init(_ basis: CubeBasis, expectedRows: Int = 1_024) {
        self.basis = basis
        sums = CellSums(minimumCapacity: min(expectedRows, 1 << 16))
    }

    /// Adds the rows of batches.
    ///
    /// - Parameters:
    ///   - names: the numbers behind each batch's dictionaries, in their order.
    ///   - range: rows outside are skipped; in minutes since 1970.
    init(
        _ basis: CubeBasis, of batches: [DecodedBatches.Good], names: [BatchNames], range: Range<Int64>? = nil
    ) {
        self.init(basis, expectedRows: batches.reduce(0) { $0 + $1.rows.rows.count })
        for (batch, names) in zip(batches, names) { add(batch.rows, names: names, range: range) }
    }

    /// Adds a batch's rows.
    ///
    /// - Parameters:
    ///   - names: the numbers behind the batch's dictionaries.
    ///   - range: rows outside are skipped; in minutes since 1970.
    mutating func add(_ batch: UsageRows, names: BatchNames, range: Range<Int64>? = nil) {
        let histories = names.tenants.map { basis.kinds.history(of: $0) }
        // For each piece the groups of the batch's tenants, found when first needed.
        var found: [Int: [UInt32]] = [:]
        var current: [UInt32] = []
        var place = -1
        for row in batch.rows {
            if let range, !range.contains(row.minute) { continue }
            let second = row.minute * 60
            if place < 0 || !pieces[place].seconds.contains(second) {
                if place >= 0 { found[place] = current }
                place = self.place(of: second)
                current = found[place] ?? [UInt32](repeating: .max, count: histories.count)
            }
            let tenant = Int(row.tenant)
            if current[tenant] == .max {
                current[tenant] = number(
                    of: Group(
                        provider: names.provider,
                        postings: basis.kinds.postings(of: histories[tenant], in: pieces[place])))
            }
            let counts = row.signedCounts
            totals += counts
            let codes = row.layer.rawValue << 5 | row.workload.rawValue << 3 | row.modality.rawValue
            sums.add(
                Self.key(
                    group: current[tenant], place: place, model: names.models[Int(row.model)],
                    region: names.regions[Int(row.region)], codes: codes, isEstimated: row.isEstimated), counts)
        }
    }

    /// Adds usage that was summed before.
    ///
    /// - Parameter postings: where it counts.
    mutating func add(_ usage: GroupedUsage, postings: [CubePosting]) {
        let group = number(of: Group(provider: usage.provider, postings: postings))
        totals += usage.counts
        sums.add(
            Self.key(
                group: group, place: place(of: usage.piece), model: usage.model, region: usage.region,
                codes: usage.codes, isEstimated: usage.isEstimated), usage.counts)
    }

    private mutating func place(of second: Int64) -> Int {
        let piece = basis.layout.piece(at: second)
        if let place = places[piece.seconds.lowerBound] { return place }
        places[piece.seconds.lowerBound] = pieces.count
        pieces.append(piece)
        return pieces.count - 1
    }

    private mutating func number(of group: Group) -> UInt32 {
        if let number = numbers[group] { return number }
        let number = UInt32(groups.count)
        precondition(number < 1 << 31, "\(number) groups of tenants leave no room for their numbers")
        numbers[group] = number
        groups.append(group)
        return number
    }

    /// 31 bits of the group, 32 of the piece's place, 1 for estimates; 28 of the model, 28 of the region, 8 of codes.
    private static func key(
        group: UInt32, place: Int, model: Int32, region: Int32, codes: UInt8, isEstimated: Bool
    ) -> UInt128 {
        let names =
            UInt64(UInt32(bitPattern: model)) << 36 | UInt64(UInt32(bitPattern: region)) << 8 | UInt64(codes)
        let upper = UInt64(group) << 33 | UInt64(UInt32(place)) << 1 | (isEstimated ? 1 : 0)
        return UInt128(upper) << 64 | UInt128(names)
    }

    /// What the usage adds to cells.
    ///
    /// - Parameters:
    ///   - hasPiece: whether a piece's own cell is wanted.
    ///   - hasMonth: whether the cell of a piece's month is, in a calendar.
    func cells(
        pieces hasPiece: (CubePiece) -> Bool, months hasMonth: (CubeCalendar, CubePiece) -> Bool
    ) -> CubeCells {
        let spans = pieces.map { piece -> [(calendar: Int16, start: Int64)] in
            let months = zip(basis.layout.calendars, piece.monthStarts).filter { hasMonth($0.0, piece) }
            return (hasPiece(piece) ? [(CubeLayout.pieces, piece.seconds.lowerBound)] : [])
                + months.map { ($0.0.id, $0.1) }
        }
        var cells: CubeCells = [:]
        cells.reserveCapacity(sums.count * 2)
        for (index, key) in sums.keys.enumerated() {
            let added = sums.counts[index]
            let group = groups[Int(UInt32(truncatingIfNeeded: key >> 97))]
            let place = Int(UInt32(truncatingIfNeeded: key >> 65))
            for posting in group.postings {
                let counts = posting.isTaken ? -added : added
                for span in spans[place] {
                    var cell = CellKey(
                        version: posting.version, calendar: span.calendar, start: span.start,
                        provider: group.provider, kind: posting.kind.rawValue,
                        model: Int32(truncatingIfNeeded: key >> 36) & 0xFFF_FFFF,
                        region: Int32(truncatingIfNeeded: key >> 8) & 0xFFF_FFFF,
                        codes: UInt8(truncatingIfNeeded: key), isEstimated: key >> 64 & 1 == 1)
                    cells[cell, default: SignedTokenCounts()] += counts
                    cell.calendar = CubeLayout.withoutModels(span.calendar)
                    cell.model = CubeLayout.allModels
                    cells[cell, default: SignedTokenCounts()] += counts
                }
            }
        }
        return cells
    }

    /// What a rollup adds: to everything that is filled as far.
    func cells(in state: CubeState) -> CubeCells {
        let filled = Dictionary(uniqueKeysWithValues: state.calendars.map { ($0.id, $0) })
        return cells(
            pieces: { state.hasPieces(at: $0.seconds.lowerBound) },
            months: { filled[$0.id]?.isFilled(at: $1.seconds.lowerBound) ?? false })
    }
}
