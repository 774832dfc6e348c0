internal import Testing
internal import UsageModel

@testable import BatchFormat

@Suite struct StagedEventsTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `events staged in pieces by several parsers sum up as events added one by one`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var parsers = [StagedEvents(), StagedEvents(), StagedEvents()]
        var (staged, direct) = (MinuteBuckets(), MinuteBuckets())
        // Tables are emptied now and then, as by a seal, and the parsers keep the names that they know.
        for table in UInt64(1)...4 {
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                let parser = Int.random(in: 0..<parsers.count, using: &generator)
                parsers[parser].removeAll()
                for _ in 0..<Int.random(in: 0...300, using: &generator) {
                    let event = PlainEvent.randomFlagged(using: &generator)
                    try parsers[parser].add(event)
                    #expect(try direct.add(event) == .added)
                }
                #expect(staged.add(&parsers[parser], table: table) == .added)
            }
            #expect(staged.rows() == direct.rows())
            #expect(staged.eventCount == direct.eventCount)
            staged.removeAll()
            direct.removeAll()
        }
    }

    @Test func `what one event can't be is refused when it is staged`() throws {
        var staged = StagedEvents()
        for event in [
            PlainEvent(tenant: ""), PlainEvent(model: "(cmd)"), PlainEvent(model: ""), PlainEvent(minute: -1),
            PlainEvent(counts: TokenCounts(requests: 0)),
        ] {
            var sums = MinuteBuckets()
            let expected = #expect(throws: Rejection.self) { try sums.add(event) }
            let rejection = #expect(throws: Rejection.self) { try staged.add(event) }
            #expect(rejection == expected)
        }
        #expect(staged.count == 0)
    }

    @Test(arguments: [1, 15, 16, 17, 40])
    func `a tenant that can't be one has its chunk added event by event`(place: Int) throws {
        var staged = StagedEvents()
        for index in 0..<40 { try staged.add(PlainEvent(tenant: index == place ? "(cmd)" : "t\(index)")) }
        if place == 40 { try staged.add(PlainEvent(tenant: "(cmd)")) }
        var sums = MinuteBuckets()
        #expect(sums.add(&staged, table: 1) == .full)
        #expect(sums.isEmpty && staged.isOverfull)
        staged.removeAll()
        try staged.add(PlainEvent(tenant: "t1"))
        #expect(sums.add(&staged, table: 1) == .added)
    }

    @Test func `events that might not fit the rows change nothing`() throws {
        var sums = MinuteBuckets(maxRows: 3)
        _ = try sums.add(PlainEvent(tenant: "a"))
        let before = sums.rows()
        var staged = StagedEvents()
        for tenant in ["a", "b", "c"] { try staged.add(PlainEvent(tenant: tenant)) }
        #expect(sums.add(&staged, table: 1) == .full)
        #expect(sums.rows() == before && sums.eventCount == 1)
    }

    @Test func `more models than a batch holds are left to be added one by one, in a parser's chunk and in a table`()
        throws
    {
        var staged = StagedEvents()
        for index in 0...Limits.maxModelsPerBatch { try staged.add(PlainEvent(model: "m\(index)")) }
        #expect(staged.isOverfull)
        var sums = MinuteBuckets()
        #expect(sums.add(&staged, table: 1) == .full)
        #expect(sums.isEmpty)
        staged.removeAll()
        #expect(!staged.isOverfull)
        for index in 1...Limits.maxModelsPerBatch { try staged.add(PlainEvent(model: "m\(index)")) }
        #expect(sums.add(&staged, table: 1) == .added)
        staged.removeAll()
        try staged.add(PlainEvent(model: "m1"))
        #expect(sums.add(&staged, table: 1) == .added, "a name that the table has")
        staged.removeAll()
        var other = StagedEvents()
        try other.add(PlainEvent(model: "one-more"))
        #expect(sums.add(&other, table: 1) == .full)
        #expect(sums.eventCount == UInt64(Limits.maxModelsPerBatch) + 1)
    }

    @Test(arguments: [0, 1, 2, 300, 5_000])
    func `the canonical order is that of key and minute`(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count) + 7)
        // Narrow keys are sorted by digits; the widest leave no room for it.
        for (tenants, minutes) in [(UInt32(50), UInt32(3)), (1 << 20 - 1, .max)] {
            let entries = (0..<count).map { _ in
                CanonicalOrder.Entry(
                    key: RowKey(
                        tenant: .random(in: 0...tenants, using: &generator),
                        model: .random(in: 0...tenants & 0x3FFF, using: &generator),
                        region: .random(in: 0...tenants & 0x3FF, using: &generator),
                        layer: Layer.allCases.randomElement(using: &generator) ?? .maas,
                        workload: Workload.allCases.randomElement(using: &generator) ?? .online,
                        modality: Modality.allCases.randomElement(using: &generator) ?? .text,
                        flags: UsageFlags(rawValue: .random(in: 0...3, using: &generator))),
                    minute: .random(in: minutes / 2...minutes, using: &generator))
            }
            let expected = (0..<UInt32(count)).sorted { left, right in
                let (left, right) = (Int(left), Int(right))
                return (entries[left].key.packed, entries[left].minute, left)
                    < (entries[right].key.packed, entries[right].minute, right)
            }
            // Equal entries, which no table has, may come in any order.
            let found = CanonicalOrder.indices(entries)
            #expect(found.sorted() == Array(0..<UInt32(count)))
            #expect(
                zip(found, expected).allSatisfy { left, right in
                    entries[Int(left)].key == entries[Int(right)].key
                        && entries[Int(left)].minute == entries[Int(right)].minute
                })
        }
    }
}

extension StagedEvents {
    /// Stages an event whose tenant stands in scratch and whose other names stand in the record.
    fileprivate mutating func add(_ event: PlainEvent) throws(Rejection) {
        let (model, region) = (Array(event.model.utf8), Array(event.region.utf8))
        let record = model + region
        let scratch = Array(event.tenant.utf8)
        let usageEvent = UsageEvent(
            minute: event.minute,
            tenant: FieldRange(start: 0, count: UInt32(scratch.count), isInScratch: true),
            model: FieldRange(start: 0, count: UInt32(model.count)),
            region: FieldRange(start: UInt32(model.count), count: UInt32(region.count)),
            layer: event.layer, workload: event.workload, modality: event.modality, counts: event.counts,
            isEstimated: event.flags.contains(.estimated), isTakenBack: event.flags.contains(.takenBack))
        unsafe try add(usageEvent, record: record.span.bytes, scratch: scratch.span.bytes)
    }
}
