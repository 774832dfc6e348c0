package import UsageModel

/// Rows that arrive in any order, summed by key: what becomes the segments of an hour.
package struct SegmentSums: Sendable {
    private var slots: [Int32]
    private var mask: Int
    private var rows: [SegmentRow] = []

    package init(minimumCapacity: Int = 64) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
    }

    /// Distinct keys.
    package var count: Int { rows.count }

    package mutating func add(_ key: SegmentKey, _ counts: SignedTokenCounts) {
        var slot = Self.hash(key) & mask
        while true {
            let index = Int(slots[slot])
            if index < 0 { break }
            if rows[index].key == key {
                rows[index].counts += counts
                return
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = Int32(rows.count)
        rows.append(SegmentRow(key: key, counts: counts))
        if rows.count * 2 > slots.count { grow() }
    }

    /// Adds rows of a segment by some parts of their keys.
    ///
    /// - Parameters:
    ///   - minutes: bit *n* says whether rows of the hour's minute *n* are added.
    ///   - number: what stands in the place of a tenant's id, which gives `nil` to leave the tenant out; without it
    ///     the id stays, if it is among the parts.
    package mutating func add(
        _ reader: SegmentReader, _ rows: Range<Int>, by parts: SegmentKey.Parts, minutes: UInt64 = .max,
        tenantNumber number: ((Int64) -> Int64?)? = nil
    ) {
        if parts.isEmpty, minutes == .max, number == nil {
            add(SegmentKey(tenant: 0), reader.totals(rows))
            return
        }
        // Rows of one tenant stand together.
        var (tenant, own) = (Int64(-1), Int64?.none)
        reader.forEach(rows) { row in
            guard minutes >> UInt64(row.key.minute) & 1 == 1 else { return }
            let key = row.key.keeping(parts)
            guard let number else { return add(key, row.counts) }
            if row.key.tenant != tenant {
                tenant = row.key.tenant
                own = number(tenant)
            }
            if let own { add(key.replacingTenant(with: own), row.counts) }
        }
    }

    /// The sums in the order of their keys, without those that count nothing.
    package func sorted() -> [SegmentRow] { SegmentOrder.sorted(rows) }

    /// The sums of some rows, as ``sorted()`` gives them.
    package static func sorted(_ rows: [SegmentRow]) -> [SegmentRow] { SegmentOrder.sorted(rows) }

    private mutating func grow() {
        mask = slots.count * 2 - 1
        slots = [Int32](repeating: -1, count: mask + 1)
        for (index, row) in rows.enumerated() {
            var slot = Self.hash(row.key) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    /// Keys are of numbers that we gave out ourselves, so a mixing function is enough; nobody can aim at it.
    @inline(__always)
    private static func hash(_ key: SegmentKey) -> Int {
        var value =
            UInt64(truncatingIfNeeded: key.packed)
            ^ (UInt64(truncatingIfNeeded: key.packed >> 64) &* 0x9E37_79B9_7F4A_7C15)
        value ^= value >> 32
        value = value &* 0xD6E8_FEB8_6659_FD93
        value ^= value >> 32
        return Int(truncatingIfNeeded: value)
    }
}

/// Rows in the order of their keys.
enum SegmentOrder {
    /// - Returns: equal keys added, those that count nothing left out.
    static func sorted(_ rows: [SegmentRow]) -> [SegmentRow] {
        var places = rows.indices.map { Place(key: rows[$0].key.packed, index: Int32($0)) }
        if rows.count <= fewRows {
            places.sort { $0.key < $1.key }
        } else {
            sort(&places)
        }
        var sorted: [SegmentRow] = []
        sorted.reserveCapacity(rows.count)
        var next = 0
        while next < places.count {
            let key = places[next].key
            var row = rows[Int(places[next].index)]
            next += 1
            while next < places.count, places[next].key == key {
                row.counts += rows[Int(places[next].index)].counts
                next += 1
            }
            if !row.counts.isZero { sorted.append(row) }
        }
        return sorted
    }

    /// Up to so many rows, comparing keys costs less than counting their bytes.
    private static let fewRows = 64

    private struct Place {
        var key: UInt128
        var index: Int32
    }

    /// Sorts byte by byte from the lowest on, leaving out those that are the same in all keys: most are.
    private static func sort(_ places: inout [Place]) {
        guard let first = places.first else { return }
        let varying = places.reduce(UInt128(0)) { $0 | ($1.key ^ first.key) }
        var other = places
        for shift in stride(from: UInt128(0), to: 128, by: 8) where varying >> shift & 0xFF != 0 {
            var starts = [Int](repeating: 0, count: 257)
            for place in places { starts[Int(truncatingIfNeeded: place.key >> shift & 0xFF) + 1] += 1 }
            for byte in 0..<256 { starts[byte + 1] += starts[byte] }
            for place in places {
                let byte = Int(truncatingIfNeeded: place.key >> shift & 0xFF)
                other[starts[byte]] = place
                starts[byte] += 1
            }
            swap(&places, &other)
        }
    }
}

extension SegmentEncoder {
    /// Seals rows as segments, one for each chunk of tenants, or more where one has too many rows.
    ///
    /// - Parameters:
    ///   - header: chunk and part are filled in.
    ///   - rows: in the order of their keys; may be empty.
    package static func sealChunks(
        _ rows: [SegmentRow], as header: SegmentHeader, maxRows: Int = SegmentBounds.maxRows
    ) throws(SegmentError) -> [Segment] {
        var sealer = ChunkSealer(header, maxRows: maxRows)
        try sealer.add(rows)
        return try sealer.finish()
    }
}

/// Seals rows that come in the order of their keys as segments, one for each chunk of tenants, or more where one has
/// too many rows; it never holds more than the rows of one.
package struct ChunkSealer {
    private var header: SegmentHeader
    private let maxRows: Int
    private var rows: [SegmentRow] = []
    private var segments: [Segment] = []

    /// - Parameter header: chunk and part are filled in.
    package init(_ header: SegmentHeader, maxRows: Int = SegmentBounds.maxRows) {
        self.header = header
        self.maxRows = maxRows
    }

    package mutating func add(_ rows: [SegmentRow]) throws(SegmentError) {
        for row in rows {
            let chunk = SegmentBounds.chunk(of: row.key.tenant)
            if self.rows.count == maxRows || !self.rows.isEmpty && chunk != header.chunk { try seal() }
            header.chunk = chunk
            self.rows.append(row)
        }
    }

    package mutating func finish() throws(SegmentError) -> [Segment] {
        if !rows.isEmpty { try seal() }
        return segments
    }

    private mutating func seal() throws(SegmentError) {
        var header = header
        header.part = 0
        if let last = segments.last?.header, last.chunk == header.chunk { header.part = last.part + 1 }
        segments.append(try SegmentEncoder.seal(header, rows[...]))
        rows.removeAll(keepingCapacity: true)
    }
}
