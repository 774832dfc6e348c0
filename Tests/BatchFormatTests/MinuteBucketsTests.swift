internal import BatchFormat
internal import Testing
internal import UsageModel

@Suite struct MinuteBucketsTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `sums equal those of a dictionary, for any mix of events`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var model: [PlainEvent: TokenCounts] = [:]
        var sums = MinuteBuckets()
        for _ in 0..<20_000 {
            let event = PlainEvent.random(using: &generator)
            #expect(try sums.add(event) == .added)
            _ = model[event.key, default: TokenCounts()].add(event.counts)
        }
        #expect(sums.rows().plain == model)
        #expect(sums.rowCount == model.count)
        #expect(sums.eventCount == 20_000)
    }

    @Test func `rows are canonical: sorted, without repeats, every name used`() throws {
        let rows = try UsageRows.random(count: 5_000, seed: 4).rows
        for names in [rows.tenants, rows.models, rows.regions] {
            #expect(zip(names, names.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
        let keys = rows.rows.map {
            [
                Int64($0.tenant), Int64($0.model), Int64($0.region), Int64($0.layer.rawValue),
                Int64($0.workload.rawValue), Int64($0.modality.rawValue), $0.minute,
            ]
        }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        #expect(Set(rows.rows.map(\.tenant)).count == rows.tenants.count)
    }

    @Test func `names of every length up to the limit are told apart, also by their last byte`() throws {
        var sums = MinuteBuckets()
        for length in 1...Limits.maxTenantNameBytes {
            let stem = String(repeating: "x", count: length - 1)
            for last in ["a", "b"] {
                #expect(try sums.add(PlainEvent(tenant: stem + last)) == .added)
                #expect(try sums.add(PlainEvent(tenant: stem + last)) == .added)
            }
        }
        #expect(sums.rowCount == 2 * Limits.maxTenantNameBytes)
        #expect(sums.rows().rows.allSatisfy { $0.counts.requests == 2 })
    }

    @Test func `spellings of one name are one row, however often each comes`() throws {
        var sums = MinuteBuckets()
        for _ in 0..<3 {
            for name in ["cafe\u{301}", "caf\u{E9}", "\u{A0}cafe\u{301}"] {
                #expect(try sums.add(PlainEvent(tenant: name, model: name)) == .added)
            }
        }
        let rows = sums.rows()
        #expect(rows.tenants.map { Array($0.utf8) } == [Array("caf\u{E9}".utf8)])
        #expect(rows.models.map { Array($0.utf8) } == [Array("caf\u{E9}".utf8)])
        #expect(rows.rows.count == 1 && sums.eventCount == 9)
        sums.removeAll()
        #expect(try sums.add(PlainEvent(tenant: "e\u{301}")) == .added)
        #expect(sums.rows().tenants.map { Array($0.utf8) } == [[0xC3, 0xA9]])
    }

    @Test func `more spellings than are remembered still are one name each`() throws {
        var sums = MinuteBuckets()
        for _ in 0..<2 {
            for index in 0..<5_000 { #expect(try sums.add(PlainEvent(tenant: "e\u{301}-\(index)")) == .added) }
        }
        #expect(sums.rowCount == 5_000)
        #expect(sums.rows().tenants.allSatisfy { $0.utf8.starts(with: [0xC3, 0xA9, 0x2D]) })
    }

    @Test func `rows of an earlier release are merged under the names that are kept`() throws {
        var earlier = MinuteBuckets()
        #expect(try earlier.add(PlainEvent()) == .added)
        var old = earlier.rows()
        old.tenants = ["e\u{301}"]
        old.models = ["m\u{3000}"]
        var sums = MinuteBuckets()
        #expect(sums.merge(old, eventCount: 1) == .added)
        #expect(sums.rows().tenants.map { Array($0.utf8) } == [[0xC3, 0xA9]])
        #expect(sums.rows().models == ["m"])
    }

    @Test func `a full table says so, changes nothing, and still takes events for rows that it has`() throws {
        var sums = MinuteBuckets(maxRows: 2)
        #expect(try sums.add(PlainEvent(tenant: "a")) == .added)
        #expect(try sums.add(PlainEvent(tenant: "b")) == .added)
        let before = sums.rows()
        #expect(try sums.add(PlainEvent(tenant: "c")) == .full)
        #expect(sums.rows() == before)
        #expect(sums.eventCount == 2)
        #expect(try sums.add(PlainEvent(tenant: "a")) == .added)
        sums.removeAll(keepingCapacity: true)
        #expect(sums.isEmpty && sums.eventCount == 0)
        #expect(try sums.add(PlainEvent(tenant: "c")) == .added)
        #expect(sums.rows().tenants == ["c"])
    }

    @Test func `too many different models is a refusal that names the model, and the known ones still count`() throws {
        var sums = MinuteBuckets()
        for index in 0..<Limits.maxModelsPerBatch { #expect(try sums.add(PlainEvent(model: "m\(index)")) == .added) }
        let rejection = #expect(throws: Rejection.self) { try sums.add(PlainEvent(model: "one-more")) }
        #expect(rejection?.reason == .tooManyNames)
        #expect(rejection?.field == "model")
        #expect(try sums.add(PlainEvent(model: "m17")) == .added)
        #expect(sums.rowCount == Limits.maxModelsPerBatch)
    }

    @Test func `events that can't be counted are refused by name`() throws {
        let tooMany = Limits.maxTokensPerField + 1
        let cases: [(PlainEvent, RejectionReason, String)] = [
            (PlainEvent(tenant: ""), .missingField, "tenant"),
            (PlainEvent(model: ""), .missingField, "model"),
            (PlainEvent(region: ""), .missingField, "region"),
            (PlainEvent(tenant: "(cmd)"), .badName, "tenant"),
            (
                PlainEvent(tenant: String(repeating: "x", count: Limits.maxTenantNameBytes + 1)), .nameTooLong, "tenant"
            ),
            (PlainEvent(minute: -1), .badTime, "time"),
            (PlainEvent(minute: BatchBounds.maxMinute + 1), .badTime, "time"),
            (PlainEvent(counts: TokenCounts(requests: 0, input: 1)), .inconsistentCounts, "requests"),
            (
                PlainEvent(counts: TokenCounts(requests: 1, input: 1, cachedInput: 2)), .inconsistentCounts,
                "cached_input_tokens"
            ),
            (
                PlainEvent(counts: TokenCounts(requests: 1, output: 1, reasoningOutput: 2)), .inconsistentCounts,
                "reasoning_output_tokens"
            ),
            (PlainEvent(counts: TokenCounts(requests: 1, input: tooMany)), .countTooLarge, "input_tokens"),
            (PlainEvent(counts: TokenCounts(requests: 1, output: tooMany)), .countTooLarge, "output_tokens"),
            (
                PlainEvent(counts: TokenCounts(requests: Limits.maxRequestsPerEvent + 1)), .countTooLarge, "requests"
            ),
        ]
        var sums = MinuteBuckets()
        for (event, reason, field) in cases {
            let rejection = #expect(throws: Rejection.self) { try sums.add(event) }
            #expect(rejection?.reason == reason && rejection?.field == field, "\(event)")
        }
        #expect(sums.isEmpty)
        #expect(try sums.add(PlainEvent()) == .added)
        #expect(sums.rows().tenants == ["acme"])
    }

    @Test func `a range beyond the record is a missing field, not a trap`() throws {
        var sums = MinuteBuckets()
        let bytes = Array("abc".utf8)
        let range = FieldRange(start: 2, count: 5)
        let event = UsageEvent(
            minute: 1, tenant: range, model: range, region: range, counts: TokenCounts(requests: 1))
        let rejection = #expect(throws: Rejection.self) {
            unsafe try sums.add(event, record: bytes.span.bytes, scratch: bytes.span.bytes)
        }
        #expect(rejection?.reason == .missingField)
    }

    @Test func `merging in parts gives what adding one by one gives`() throws {
        var generator = SeededGenerator(seed: 8)
        let events = (0..<6_000).map { _ in PlainEvent.random(using: &generator) }
        let whole = try MinuteBuckets.summing(events)
        var merged = MinuteBuckets()
        for start in stride(from: 0, to: events.count, by: 1_000) {
            let part = try MinuteBuckets.summing(Array(events[start..<start + 1_000]))
            #expect(merged.merge(part.rows(), eventCount: part.eventCount) == .added)
        }
        #expect(merged.rows() == whole.rows())
        #expect(merged.eventCount == whole.eventCount)
    }

    @Test func `a merge that might not fit changes nothing`() throws {
        var sums = MinuteBuckets(maxRows: 2)
        _ = try sums.add(PlainEvent(tenant: "a"))
        let before = sums.rows()
        let two = try MinuteBuckets.summing([PlainEvent(tenant: "b"), PlainEvent(tenant: "c")])
        #expect(sums.merge(two.rows(), eventCount: 2) == .full)
        #expect(sums.rows() == before && sums.eventCount == 1)
    }

    @Test func `rows that no table gave aren't merged`() throws {
        let sound = try MinuteBuckets.summing([PlainEvent()]).rows()
        var sums = MinuteBuckets()
        var beyond = sound
        beyond.rows[0].tenant = 1
        #expect(sums.merge(beyond, eventCount: 1) == .full)
        var tooLarge = sound
        tooLarge.rows[0].counts.input = Limits.maxTokensPerField + 1
        #expect(sums.merge(tooLarge, eventCount: 1) == .full)
        var badName = sound
        badName.models = ["\u{0}"]
        #expect(sums.merge(badName, eventCount: 1) == .full)
        #expect(sums.isEmpty)
        #expect(sums.merge(sound, eventCount: BatchBounds.maxEvents + 1) == .full)
        #expect(sums.merge(sound, eventCount: 1) == .added)
    }

    @Test func `so many of the largest events as a batch may hold fit 64 bits`() {
        let largest = max(Limits.maxTokensPerField, Limits.maxRequestsPerEvent)
        #expect(!BatchBounds.maxEvents.multipliedReportingOverflow(by: largest).overflow)
    }
}
