internal import Scopes
internal import TextFormats
internal import UsageModel

/// The events of one provider, or of all, in order of time, made day by day as they are asked for.
///
/// Memory holds the plan (tenants × days) and one day's events.
package struct MarketEvents: Sendable {
    /// What has been made so far.
    package private(set) var totals = MarketTotals()
    /// Days of the period, and how many of them are done: for a progress bar.
    package let dayCount: Int
    package private(set) var daysDone = 0

    private let firstDay: CalendarDate
    private let zone: ZoneRules
    private var tenants: [PlannedTenant]
    private var pending: [PendingEvent] = []
    private var position = 0
    private var tally: [WideTokenCounts]
    /// The slots of a day: most tenants share them.
    private var slots: DaySlots

    private struct PendingEvent {
        var second: Int64
        /// Order of making within the day: what decides between events of one second.
        var order: Int
        var tenant: Int
        var route: Int
        var counts: TokenCounts
    }

    init(_ description: MarketDescription, providers: [MarketProvider]) {
        let plan = MarketPlan(description)
        tenants = providers.flatMap { plan.tenants(of: $0) }
        tally = Array(repeating: WideTokenCounts(), count: tenants.count)
        dayCount = description.period.dayCount
        firstDay = description.period.from
        zone = description.zone
        slots = DaySlots()
    }

    /// Appends up to `maxEvents` events to `buffer`, as JSON lines.
    ///
    /// - Returns: the number of events; 0 when all have been made.
    package mutating func next(into buffer: inout [UInt8], maxEvents: Int) -> Int {
        while position == pending.count {
            guard daysDone < dayCount else { return 0 }
            makeDay()
        }
        let end = min(position + maxEvents, pending.count)
        let before = buffer.count
        for event in pending[position..<end] {
            EventText.append(
                second: event.second, fragment: tenants[event.tenant].routes[event.route].fragment,
                counts: event.counts, to: &buffer)
        }
        let made = end - position
        position = end
        totals.events += made
        totals.bytes += buffer.count - before
        return made
    }

    /// Makes all events that are left without writing them, for ``totals``; their bytes aren't counted.
    package mutating func skipAll() {
        totals.events += pending.count - position
        position = pending.count
        while daysDone < dayCount {
            makeDay()
            totals.events += pending.count
            position = pending.count
        }
    }

    private mutating func makeDay() {
        pending.removeAll(keepingCapacity: true)
        position = 0
        let date = CalendarDate(days: firstDay.days + Int64(daysDone))
        let start = zone.startOfDay(date)
        slots.startDay(minutes: UInt64((zone.startOfDay(CalendarDate(days: date.days + 1)) - start) / 60))
        for tenant in tenants.indices { makeDay(of: tenant, startSecond: start) }
        pending.sort { ($0.second, $0.order) < ($1.second, $1.order) }
        daysDone += 1
        if daysDone == dayCount { publishTotals() }
    }

    /// Divides a tenant's day among its slots, each as heavy as the hours it covers.
    private mutating func makeDay(of tenant: Int, startSecond: Int64) {
        let slots = slots.slots(count: tenants[tenant].eventsPerDay, hours: tenants[tenant].hours)
        let amounts = Apportionment.largestRemainder(
            of: UInt128(tenants[tenant].dayTokens[daysDone]), weights: slots.map(\.weight))
        for (slot, amount) in zip(slots, amounts) where amount > 0 {
            makeSlot(slot, of: tenant, tokens: UInt64(amount), startSecond: startSecond)
        }
    }

    /// Makes the events of a slot: one, or as many as keep each within the limit of a field.
    private mutating func makeSlot(_ slot: DaySlots.Slot, of tenant: Int, tokens: UInt64, startSecond: Int64) {
        let pieces = (tokens + Limits.maxTokensPerField - 1) / Limits.maxTokensPerField
        guard let era = tenants[tenant].eras.first(where: { $0.days.contains(daysDone) }) else {
            preconditionFailure("tenant \(tenants[tenant].name) has tokens and no models on day \(daysDone)")
        }
        let weights = MarketPlan.routeWeights
        let sum = weights.reduce(0, +)
        var random = tenants[tenant].random
        var rest = tokens
        for piece in 0..<pieces {
            let amount = rest / (pieces - piece)
            rest -= amount
            let minute = slot.minutes[Int(random.below(UInt64(slot.minutes.count)))]
            let route = era.routes.lowerBound + random.pick(weights, sum: sum)
            let counts = Self.counts(of: amount, model: tenants[tenant].routes[route].model, &random)
            tally[tenant] += WideTokenCounts(counts)
            pending.append(
                PendingEvent(
                    second: startSecond + Int64(minute) * 60, order: pending.count, tenant: tenant, route: route,
                    counts: counts))
        }
        tenants[tenant].random = random
    }

    /// Splits tokens by a model's ratios; the output varies by some percent of itself up or down.
    private static func counts(
        of tokens: UInt64, model: MarketModel, _ random: inout MarketRandom
    ) -> TokenCounts {
        let varies = model.variesPercent * 10
        let factor = 1_000 - varies + random.below(2 * varies + 1)
        let output = min(tokens, tokens * model.outputPercent * factor / 100_000)
        let input = tokens - output
        return TokenCounts(
            requests: max(1, tokens / model.tokensPerRequest), input: input,
            cachedInput: input * model.cachedPercent / 100, output: output,
            reasoningOutput: output * model.reasoningPercent / 100)
    }

    private mutating func publishTotals() {
        for (tenant, counts) in zip(tenants, tally) {
            let key = MarketTotals.Key(provider: tenant.provider, kind: tenant.kind)
            totals.counts[key, default: WideTokenCounts()] += counts
        }
    }
}
