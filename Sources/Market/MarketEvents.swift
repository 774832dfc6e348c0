internal import Scopes
internal import Usage

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
    private let hours: [UInt64]
    private var tenants: [PlannedTenant]
    private var pending: [PendingEvent] = []
    private var position = 0
    private var tally: [WideTokenCounts]
    /// The slots of a day, by how many there are: most tenants share them.
    private var slotsByCount: [Int: [Slot]] = [:]
    private var slotMinutes: UInt64 = 0

    /// A part of a day that one event sums up.
    private struct Slot {
        var firstMinute: UInt64
        var minutes: UInt64
        /// Each minute weighs as much as its hour.
        var weight: UInt128
    }

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
        hours = description.rhythm.hours
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
        let minutes = (zone.startOfDay(CalendarDate(days: date.days + 1)) - start) / 60
        if UInt64(minutes) != slotMinutes {
            slotsByCount.removeAll()
            slotMinutes = UInt64(minutes)
        }
        for tenant in tenants.indices { makeDay(of: tenant, startSecond: start) }
        pending.sort { ($0.second, $0.order) < ($1.second, $1.order) }
        daysDone += 1
        if daysDone == dayCount { publishTotals() }
    }

    /// Divides a tenant's day among its slots, each as heavy as the hours it covers.
    private mutating func makeDay(of tenant: Int, startSecond: Int64) {
        let slots = slots(count: tenants[tenant].eventsPerDay)
        let amounts = Apportionment.largestRemainder(
            of: UInt128(tenants[tenant].dayTokens[daysDone]), weights: slots.map(\.weight))
        for (slot, amount) in zip(slots, amounts) where amount > 0 {
            makeSlot(slot, of: tenant, tokens: UInt64(amount), startSecond: startSecond)
        }
    }

    private mutating func slots(count: Int) -> [Slot] {
        if let known = slotsByCount[count] { return known }
        let slots = (0..<UInt64(count)).map { slot in
            let first = slot * slotMinutes / UInt64(count)
            let end = (slot + 1) * slotMinutes / UInt64(count)
            return Slot(firstMinute: first, minutes: end - first, weight: UInt128(weight(of: first..<end)))
        }
        slotsByCount[count] = slots
        return slots
    }

    private func weight(of minutes: Range<UInt64>) -> UInt64 {
        let sum = minutes.reduce(0) { $0 + hours[Int($1 * 24 / slotMinutes)] }
        // A day whose only slots fall on hours that weigh nothing would otherwise lose its tokens.
        return max(sum, 1)
    }

    /// Makes the events of a slot: one, or as many as keep each within the limit of a field.
    private mutating func makeSlot(_ slot: Slot, of tenant: Int, tokens: UInt64, startSecond: Int64) {
        let pieces = (tokens + Limits.maxTokensPerField - 1) / Limits.maxTokensPerField
        let weights = tenants[tenant].routeWeights
        let sum = weights.reduce(0, +)
        var random = tenants[tenant].random
        var rest = tokens
        for piece in 0..<pieces {
            let amount = rest / (pieces - piece)
            rest -= amount
            let minute = slot.firstMinute + random.below(slot.minutes)
            let route = random.pick(weights, sum: sum)
            let counts = Self.counts(of: amount, model: tenants[tenant].routes[route].model, &random)
            tally[tenant] += WideTokenCounts(counts)
            pending.append(
                PendingEvent(
                    second: startSecond + Int64(minute) * 60, order: pending.count, tenant: tenant, route: route,
                    counts: counts))
        }
        tenants[tenant].random = random
    }

    /// Splits tokens by a model's ratios; the output varies by a fifth up or down.
    private static func counts(
        of tokens: UInt64, model: MarketModel, _ random: inout MarketRandom
    ) -> TokenCounts {
        let output = min(tokens, tokens * model.outputPercent * (800 + random.below(401)) / 100_000)
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
