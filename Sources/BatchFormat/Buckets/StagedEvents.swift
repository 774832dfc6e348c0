package import UsageModel

/// Events that were parsed and are not summed yet, in the order of their source.
///
/// Whoever parses fills one without a lock; ``MinuteBuckets/add(_:table:)`` then takes all of it in a short loop. Names
/// are told apart by tables of its own, so that the loop neither hashes nor compares them: each name is looked up once
/// for each table that it is added to. Nothing is allocated for an event once the memory is there.
package struct StagedEvents: Sendable {
    /// Names of one dimension beyond which they are forgotten between two chunks: what a busy source's tables grow to.
    package static let maxKeptNames = 65_536

    /// How many events are looked up at once.
    static let addedAtOnce = 64

    /// What is known of an event before it is added.
    struct Ahead: Sendable {
        var key: RowKey
        var hashValue: UInt64
    }

    /// In the order of the source; names by the identifiers of ``tenants``, ``models`` and ``regions``.
    private(set) var rows: [MinuteBuckets.Row] = []
    var tenants: StagedNames
    var models: StagedNames
    var regions: StagedNames
    /// Whether an event had more names than the tables hold, or a tenant that can't be one: what is here is not all,
    /// and must not be added.
    package private(set) var isOverfull = false

    var ahead = [Ahead](
        repeating: Ahead(
            key: RowKey(
                tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text, flags: []),
            hashValue: 0), count: addedAtOnce)
    /// Tenants of the last rows, looked up together, since the memory of a table of many names is far: while one is on
    /// its way, the next events are read. The first ``awaitedCount`` mean something.
    private var awaited = [Awaited](repeating: Awaited(row: 0, count: 0, hashValue: 0), count: awaitedAtOnce)
    private var awaitedCount = 0
    /// Where the names of ``awaited`` stand, each at a multiple of ``maxAwaitedBytes``.
    private var awaitedText = [UInt8](repeating: 0, count: awaitedAtOnce * maxAwaitedBytes + 8)

    /// How many tenants are looked up at once.
    private static let awaitedAtOnce = 16
    /// The longest name that waits, in bytes; longer ones are looked up at once.
    private static let maxAwaitedBytes = 64

    /// A tenant that is looked up with others.
    private struct Awaited: Sendable {
        var row: UInt32
        var count: UInt32
        var hashValue: UInt64
    }

    package init() {
        let hash = KeyedHash.ofProcess
        tenants = StagedNames(.tenants(hash))
        models = StagedNames(.models(hash))
        regions = StagedNames(.regions(hash))
    }

    package var count: Int { rows.count }

    /// Stages one event.
    ///
    /// - Parameters:
    ///   - record: what ranges that aren't in scratch point into.
    ///   - scratch: what ranges marked `isInScratch` point into.
    /// - Throws: what ``MinuteBuckets/add(_:record:scratch:)`` throws of an event that can't be counted whatever is
    ///   sealed. Where there are too many names, or the tenant's turns out to be none, the event counts as staged and
    ///   ``isOverfull`` says so.
    package mutating func add(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) {
        let counts = event.counts
        try MinuteBuckets.check(counts, minute: event.minute)
        do throws(Rejection) {
            let region = try regions.table.intern(event.region.isInScratch ? scratch : record, event.region)
            let model = try models.table.intern(event.model.isInScratch ? scratch : record, event.model)
            let tenant = try lookUpLater(event.tenant, in: event.tenant.isInScratch ? scratch : record)
            rows.append(
                MinuteBuckets.Row(
                    key: RowKey(of: event, tenant: tenant, model: model, region: region),
                    minute: UInt32(truncatingIfNeeded: event.minute), counts: counts))
        } catch {
            guard error.reason == .tooManyNames else { throw error }
            isOverfull = true
        }
    }

    /// The identifier of the tenant of the row that comes next; 0 for one that is put in its place later.
    @inline(__always)
    private mutating func lookUpLater(_ range: FieldRange, in bytes: RawSpan) throws(Rejection) -> UInt32 {
        let (start, count) = (Int(range.start), Int(range.count))
        guard count > 0, count <= Self.maxAwaitedBytes, start + count <= bytes.byteCount else {
            return try tenants.table.intern(bytes, range)
        }
        if awaitedCount == Self.awaitedAtOnce { lookUpAwaited() }
        let place = awaitedCount * Self.maxAwaitedBytes
        // Safe: there is room for a name of at most `maxAwaitedBytes`, and eight bytes more, at the place of each.
        unsafe awaitedText.withUnsafeMutableBytes { text in
            var offset = 0
            while offset < count {
                let word = bytes.paddedWord(at: start + offset, count: count - offset)
                unsafe text.storeBytes(of: word.littleEndian, toByteOffset: place + offset, as: UInt64.self)
                offset += 8
            }
        }
        awaited[awaitedCount] = Awaited(
            row: UInt32(rows.count), count: range.count, hashValue: tenants.table.announce(bytes, range))
        awaitedCount += 1
        return 0
    }

    /// Puts the tenants in their places that wait for it.
    mutating func lookUpAwaited() {
        for index in 0..<awaitedCount { tenants.table.announce(hashValue: awaited[index].hashValue) }
        // Taken out while it is read, since the table changes meanwhile.
        var text: [UInt8] = []
        swap(&text, &awaitedText)
        defer { swap(&text, &awaitedText) }
        for index in 0..<awaitedCount {
            let (name, row) = (awaited[index], Int(awaited[index].row))
            let range = FieldRange(start: UInt32(index * Self.maxAwaitedBytes), count: name.count)
            do throws(Rejection) {
                let tenant = unsafe try tenants.table.intern(
                    text.span.bytes, range, hashValue: name.hashValue)
                rows[row].key = rows[row].key.named(tenant: tenant)
            } catch {
                // Whoever reads the chunk once more, event by event, is told which one it is and why.
                isOverfull = true
            }
        }
        awaitedCount = 0
    }

    /// Makes ready for the next chunk. Names stay, unless there are very many.
    package mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        awaitedCount = 0
        if isOverfull || max(tenants.table.count, models.table.count, regions.table.count) > Self.maxKeptNames {
            tenants.removeAll()
            models.removeAll()
            regions.removeAll()
        }
        isOverfull = false
    }
}

/// Names of one dimension of staged events, and what they are called in the table that they are added to.
struct StagedNames: Sendable {
    var table: NameTable
    /// By identifier, the one in the table of ``target`` plus 1; 0, or nothing, for those that weren't looked up yet.
    private var translations: [UInt32] = []
    /// How many were.
    private var translatedCount = 0
    /// The number of the table that ``translations`` are of.
    private var target: UInt64 = 0

    init(_ table: NameTable) {
        self.table = table
    }

    /// The most names that may be new to the table.
    var untranslatedCount: Int { table.count - translatedCount }

    /// Bytes that the names which may be new add at most.
    var untranslatedBytes: Int { untranslatedCount == 0 ? 0 : table.byteCount }

    /// Has identifiers translated to those of the table with this number, and room for them all.
    mutating func translate(to number: UInt64) {
        if target != number {
            translations.removeAll(keepingCapacity: true)
            translatedCount = 0
            target = number
        }
        while translations.count < table.count { translations.append(0) }
    }

    /// Has the memory brought near that a name is looked for in, where it isn't translated yet.
    @inline(__always)
    func announce(_ identifier: UInt32, in names: NameTable) {
        if translations[Int(identifier)] == 0 { names.announce(identifier, of: table) }
    }

    /// What a name is called in the table of the target.
    @inline(__always)
    mutating func translated(_ identifier: UInt32, into names: inout NameTable) -> UInt32 {
        let known = translations[Int(identifier)]
        return known != 0 ? known &- 1 : lookUp(identifier, in: &names)
    }

    @inline(never)
    private mutating func lookUp(_ identifier: UInt32, in names: inout NameTable) -> UInt32 {
        let found = names.intern(identifier, of: table)
        translations[Int(identifier)] = found + 1
        translatedCount += 1
        return found
    }

    mutating func removeAll() {
        table.removeAll(keepingCapacity: false)
        translations = []
        translatedCount = 0
        target = 0
    }
}

extension MinuteBuckets {
    /// Counts staged events: all of them or none.
    ///
    /// - Parameter table: a number that this table had since it was last emptied, and no other table.
    /// - Returns: ``Outcome/full``, with nothing counted, where they might not fit: their chunk is then to be read once
    ///   more and added event by event, which says what doesn't fit.
    package mutating func add(_ staged: inout StagedEvents, table number: UInt64) -> Outcome {
        staged.lookUpAwaited()
        staged.tenants.translate(to: number)
        staged.models.translate(to: number)
        staged.regions.translate(to: number)
        guard !staged.isOverfull, mayFit(staged) else { return .full }
        for start in stride(from: 0, to: staged.count, by: StagedEvents.addedAtOnce) {
            add(&staged, start..<min(start + StagedEvents.addedAtOnce, staged.count))
        }
        eventCount += UInt64(staged.count)
        return .added
    }

    /// Adds some of the staged events, which are sure to fit.
    ///
    /// Where a row is in memory, and whether there is one, can't be foreseen: a processor that asks for one row after
    /// the other waits for each. So all slots are looked at first, then all rows, and they are near when needed.
    private mutating func add(_ staged: inout StagedEvents, _ range: Range<Int>) {
        let mask = slots.count - 1
        for index in range { staged.tenants.announce(staged.rows[index].key.tenant, in: tenants) }
        for index in range {
            let key = staged.rows[index].key
            let named = key.named(
                tenant: staged.tenants.translated(key.tenant, into: &tenants),
                model: staged.models.translated(key.model, into: &models),
                region: staged.regions.translated(key.region, into: &regions))
            let hashValue = hash.hash(named.packed, with: UInt64(staged.rows[index].minute))
            slots.prefetch(Int(truncatingIfNeeded: hashValue) & mask)
            staged.ahead[index - range.lowerBound] = StagedEvents.Ahead(key: named, hashValue: hashValue)
        }
        for index in 0..<range.count {
            let slot = slots[Int(truncatingIfNeeded: staged.ahead[index].hashValue) & mask]
            table.prefetch(Int(slot & Self.slotIndexMask) - 1)
        }
        for index in range {
            let ahead = staged.ahead[index - range.lowerBound]
            // There is room, and no sum of so few events can wrap.
            let outcome = add(
                staged.rows[index].counts, to: ahead.key, minute: staged.rows[index].minute,
                hashValue: ahead.hashValue)
            precondition(outcome == true, "an event that was sure to fit did not: \(rowCount) of \(maxRows) rows")
        }
    }

    /// Whether the events certainly fit, counting each as a row of its own.
    private func mayFit(_ staged: borrowing StagedEvents) -> Bool {
        let names =
            staged.tenants.untranslatedCount + staged.models.untranslatedCount
            + staged.regions.untranslatedCount
        let nameBytes =
            staged.tenants.untranslatedBytes + staged.models.untranslatedBytes
            + staged.regions.untranslatedBytes
        let bytes =
            estimatedBytes + staged.count * BatchBounds.maxColumnBytesPerRow
            + names * BatchBounds.maxColumnBytesPerName + nameBytes
        return eventCount + UInt64(staged.count) <= BatchBounds.maxEvents
            && rowCount + staged.count <= maxRows
            && tenants.count + staged.tenants.untranslatedCount <= tenants.maxNames
            && models.count + staged.models.untranslatedCount <= models.maxNames
            && regions.count + staged.regions.untranslatedCount <= regions.maxNames
            && bytes <= BatchBounds.maxEncodedBytes
    }
}
