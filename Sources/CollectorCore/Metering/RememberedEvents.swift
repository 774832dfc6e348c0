package import BatchFormat
internal import Synchronization
package import UsageModel

/// The ids of pushed events that are durable, for a time: what tells a repeated event from a new one.
///
/// An id joins when the write-ahead record that holds it is synced, together with what it counted, and never before: an
/// id that was claimed for events that then got lost would turn the sender's retry away.
///
/// How far running totals were counted is remembered in the same way, under keys of their own. A total is remembered
/// anew each time that it grows, so that the last record that holds it is what keeps it.
///
/// So are calls whose later records may change what is counted. How such a call is counted is known for the window from
/// its last change on, and its tokens for as long as any id.
package final class RememberedEvents: Sendable {
    package struct Limits: Sendable, Equatable {
        /// How long an id is remembered, in milliseconds; 0 remembers none.
        package var horizonMilliseconds: Int64
        /// The most ids; the oldest are forgotten first.
        package var maxIDs: Int
        /// How long after its last change a call's count may change again, in milliseconds; at most the horizon.
        package var windowMilliseconds: Int64

        package init(
            horizonMilliseconds: Int64 = 24 * 3_600_000, maxIDs: Int = 1_000_000, windowMilliseconds: Int64 = 600_000
        ) {
            self.horizonMilliseconds = horizonMilliseconds
            self.maxIDs = maxIDs
            self.windowMilliseconds = min(windowMilliseconds, horizonMilliseconds)
        }
    }

    /// What is known about an event.
    package enum Finding: Sendable, Equatable {
        case new
        /// It is durable already.
        case repeated
        /// Another event with this id is.
        case conflicting
    }

    /// What is known about a request's events at the moment of their commit.
    enum Overlap: Sendable, Equatable {
        case none
        /// At least one of them waits for its sync, in another request.
        case waiting
        /// At least one of them has become durable.
        case durable
    }

    /// The ids of one write-ahead record.
    private struct Group: Sendable {
        var position: UInt64
        /// By the steady clock, so that a jump of the time of day forgets nothing and keeps nothing.
        var rememberedAt: Int64
        var fingerprints: [EventFingerprint]
        /// Those of them that are calls, until the group is remembered.
        var calls: [AcceptedCall] = []
    }

    /// A call whose count may change.
    private struct OpenCall: Sendable {
        var call: CountedCall
        /// By the steady clock; while an earlier run's records are read, by `State/recoveredTime`.
        var changedAt: Int64
    }

    private struct State: Sendable {
        var contents = FingerprintTable()
        /// In order of position; those before `firstGroup` are forgotten.
        var groups: [Group] = []
        var firstGroup = 0
        var waiting: [Group] = []
        var waitingKeys = FingerprintTable()
        var forgottenEarly: UInt64 = 0
        /// By key of what was remembered more than once, the position of the last record that holds it.
        var renewed: [UInt128: UInt64] = [:]
        /// Entries of groups that later ones took the place of.
        var outdatedCount = 0
        /// When something was last forgotten before its time; `nil` where nothing was.
        var forgottenEarlyAt: Int64?
        /// By key.
        var calls: [UInt128: OpenCall] = [:]
        /// When calls changed, in that order; those before `firstChange` are outdated.
        var changes: [(key: UInt128, at: Int64)] = []
        var firstChange = 0
        /// When the earlier run's record was accepted that was read last, in milliseconds since 1970.
        var lastRecordAt: Int64?
        /// The time that certainly passed from the first of these records to the last, in milliseconds.
        var recoveredTime: Int64 = 0
    }

    /// What is known about a call.
    enum CallFinding: Sendable, Equatable {
        case new
        /// It is counted like this, and that may change.
        case counted(CountedCall)
        /// It is counted with so many tokens, and that doesn't change any more.
        case settled(tokens: UInt64)
    }

    /// What is known about a running total.
    package enum TotalFinding: Sendable, Equatable {
        /// It was counted up to this value.
        case counted(UInt64)
        /// Nothing was counted of it.
        case new
        /// It began before what is remembered.
        case unknown
    }

    private let limits: Limits
    private let clock: any SteadyClock
    private let state = Mutex(State())

    package init(limits: Limits = Limits(), clock: any SteadyClock = SystemSteadyClock()) {
        self.limits = limits
        self.clock = clock
    }

    /// Remembers nothing.
    package static var off: RememberedEvents { RememberedEvents(limits: Limits(horizonMilliseconds: 0)) }

    package var isOff: Bool { limits.horizonMilliseconds == 0 || limits.maxIDs == 0 }

    /// The number of ids that are remembered.
    package var count: Int { state.withLock { $0.contents.count } }

    package func find(_ fingerprint: EventFingerprint) -> Finding {
        state.withLock { state in
            guard let content = state.contents.content(of: fingerprint.key) else { return .new }
            return content == fingerprint.content ? .repeated : .conflicting
        }
    }

    /// How far a running total was counted.
    ///
    /// - Parameter age: how long ago it began, in milliseconds.
    package func find(total key: UInt128, age: Int64?) -> TotalFinding {
        let now = clock.nowMilliseconds()
        return state.withLock { state in
            if let value = state.contents.content(of: key) { return .counted(value) }
            guard let age else { return .new }
            let isForgotten = state.forgottenEarlyAt.map { age >= now - $0 } ?? false
            return isForgotten || age > limits.horizonMilliseconds ? .unknown : .new
        }
    }

    /// How a call is counted.
    func find(call key: UInt128) -> CallFinding {
        let now = clock.nowMilliseconds()
        return state.withLock { state in
            guard let tokens = state.contents.content(of: key) else { return .new }
            guard let open = state.calls[key], now - open.changedAt <= limits.windowMilliseconds else {
                return .settled(tokens: tokens)
            }
            return .counted(open.call)
        }
    }

    /// The number of calls whose count may change.
    package var openCallCount: Int { state.withLock { $0.calls.count } }

    func overlap(_ fingerprints: AcceptedFingerprints) -> Overlap {
        if fingerprints.isEmpty { return .none }
        return state.withLock { state in
            if !state.waitingKeys.isEmpty,
                fingerprints.remembered.contains(where: { state.waitingKeys.content(of: $0.key) != nil })
            {
                return .waiting
            }
            let isCounted = fingerprints.fingerprints.contains { state.contents.content(of: $0.key) != nil }
            let hasMoved =
                fingerprints.totals.contains { state.contents.content(of: $0.key) != $0.base }
                || fingerprints.calls.contains { call in
                    guard let base = call.base else { return state.contents.content(of: call.key) != nil }
                    return state.calls[call.key]?.call != base
                }
            return isCounted || hasMoved ? .durable : .none
        }
    }

    /// The ids are in a record that waits for its sync.
    func wait(_ fingerprints: AcceptedFingerprints, position: UInt64) {
        if fingerprints.isEmpty || isOff { return }
        let group = Group(
            position: position, rememberedAt: clock.nowMilliseconds(), fingerprints: fingerprints.remembered,
            calls: fingerprints.calls)
        state.withLock { state in
            state.waiting.append(group)
            for fingerprint in group.fingerprints { state.waitingKeys.insert(fingerprint) }
        }
    }

    /// What waited is durable.
    func noteSyncSucceeded() {
        state.withLock { state in
            for var group in state.waiting {
                let calls = group.calls
                // Calls are known by their keys for the window alone, not for the horizon.
                group.calls = []
                remember(group, &state)
                note(calls, at: group.rememberedAt, &state)
            }
            state.waiting = []
            state.waitingKeys.removeAll()
        }
    }

    /// What waited is lost, and its senders are told so.
    func noteSyncFailed() {
        state.withLock { state in
            state.waiting = []
            state.waitingKeys.removeAll()
        }
    }

    /// Remembers what a record from before this start holds.
    ///
    /// - Parameter nowMilliseconds: the time of day. A record from its future counts as one of this moment.
    func recover(_ fingerprints: AcceptedFingerprints, position: UInt64, nowMilliseconds: Int64) {
        let age = max(0, nowMilliseconds - fingerprints.acceptedAtMilliseconds)
        if fingerprints.isEmpty || isOff || age > limits.horizonMilliseconds { return }
        let group = Group(
            position: position, rememberedAt: clock.nowMilliseconds() - age, fingerprints: fingerprints.remembered)
        state.withLock { state in
            remember(group, &state)
            // A longer step may be a clock that was set, or a time in which nobody took records: no call's window may
            // end by it.
            let step = fingerprints.acceptedAtMilliseconds - (state.lastRecordAt ?? .max / 2)
            if (0...limits.windowMilliseconds).contains(step) { state.recoveredTime += step }
            state.lastRecordAt = fingerprints.acceptedAtMilliseconds
            note(fingerprints.calls, at: state.recoveredTime, &state)
            expireCalls(before: state.recoveredTime - limits.windowMilliseconds, &state)
        }
    }

    /// Everything of earlier runs was given to ``recover(_:position:nowMilliseconds:)``. The time from the last record
    /// to now counts for nothing: nobody could take further records meanwhile.
    func finishRecovery() {
        let now = clock.nowMilliseconds()
        state.withLock { state in
            let shift = now - state.recoveredTime
            for index in state.changes.indices { state.changes[index].at = min(now, state.changes[index].at + shift) }
            for (key, call) in state.calls { state.calls[key]?.changedAt = min(now, call.changedAt + shift) }
        }
    }

    /// Forgets what is older than the horizon.
    ///
    /// - Returns: the position of the first record that is still needed; `nil` where none is.
    func expire() -> UInt64? {
        let now = clock.nowMilliseconds()
        let oldest = now - limits.horizonMilliseconds
        return state.withLock { state in
            expireCalls(before: now - limits.windowMilliseconds, &state)
            while state.firstGroup < state.groups.count, state.groups[state.firstGroup].rememberedAt < oldest {
                forgetFirst(&state)
            }
            return state.firstGroup < state.groups.count ? state.groups[state.firstGroup].position : nil
        }
    }

    /// Forgets what stood in records that are gone from the disk, so that a restart changes no answer.
    func forget(through position: UInt64) {
        state.withLock { state in
            while state.firstGroup < state.groups.count, state.groups[state.firstGroup].position <= position {
                forgetFirstEarly(&state)
            }
        }
    }

    /// Ids that were forgotten before their time since this was last asked.
    package func takeForgottenEarly() -> UInt64 {
        state.withLock { state in
            defer { state.forgottenEarly = 0 }
            return state.forgottenEarly
        }
    }

    private func remember(_ group: Group, _ state: inout State) {
        for fingerprint in group.fingerprints {
            if state.contents.content(of: fingerprint.key) != nil {
                state.renewed[fingerprint.key] = group.position
                state.outdatedCount += 1
            }
            state.contents.insert(fingerprint)
        }
        state.groups.append(group)
        if state.outdatedCount > state.contents.count + Self.minOutdatedCount { dropOutdated(&state) }
        while state.contents.count > limits.maxIDs, state.firstGroup < state.groups.count { forgetFirstEarly(&state) }
    }

    private func note(_ calls: [AcceptedCall], at moment: Int64, _ state: inout State) {
        // One that was forgotten at once, for want of room, has nothing that would forget it again.
        for call in calls where state.contents.content(of: call.key) != nil {
            state.calls[call.key] = OpenCall(call: call.value, changedAt: moment)
            state.changes.append((call.key, moment))
        }
        guard state.changes.count - state.firstChange > 2 * state.calls.count + Self.minOutdatedCount else { return }
        state.changes = state.changes[state.firstChange...].filter { state.calls[$0.key]?.changedAt == $0.at }
        state.firstChange = 0
    }

    /// Forgets how calls are counted that changed last before a moment.
    private func expireCalls(before oldest: Int64, _ state: inout State) {
        while state.firstChange < state.changes.count, state.changes[state.firstChange].at < oldest {
            let change = state.changes[state.firstChange]
            if let call = state.calls[change.key], call.changedAt <= change.at { state.calls[change.key] = nil }
            state.firstChange += 1
        }
        if state.firstChange > 0, state.firstChange * 2 >= state.changes.count {
            state.changes.removeFirst(state.firstChange)
            state.firstChange = 0
        }
    }

    private func forgetFirstEarly(_ state: inout State) {
        state.forgottenEarlyAt = clock.nowMilliseconds()
        state.forgottenEarly += UInt64(forgetFirst(&state))
    }

    /// Returns how many were forgotten.
    @discardableResult
    private func forgetFirst(_ state: inout State) -> Int {
        let group = state.groups[state.firstGroup]
        var count = 0
        for fingerprint in group.fingerprints {
            if let last = state.renewed[fingerprint.key] {
                guard last <= group.position else {
                    state.outdatedCount -= 1
                    continue
                }
                state.renewed[fingerprint.key] = nil
            }
            state.contents.remove(fingerprint.key)
            if !state.calls.isEmpty { state.calls[fingerprint.key] = nil }
            count += 1
        }
        state.groups[state.firstGroup].fingerprints = []
        state.firstGroup += 1
        // Moved up when half of the array is behind: each group is moved once on average.
        if state.firstGroup * 2 > state.groups.count {
            state.groups.removeFirst(state.firstGroup)
            state.firstGroup = 0
        }
        return count
    }

    /// The fewest outdated entries that are worth going through all groups for.
    private static let minOutdatedCount = 1_024

    /// Drops entries that later records took the place of, and the groups in which nothing else is: their records need
    /// not be kept. Each entry is gone through as often as it is outdated, on average.
    private func dropOutdated(_ state: inout State) {
        var kept: [Group] = []
        for var group in state.groups[state.firstGroup...] {
            group.fingerprints.removeAll { state.renewed[$0.key].map { $0 > group.position } ?? false }
            if !group.fingerprints.isEmpty { kept.append(group) }
        }
        state.groups = kept
        state.firstGroup = 0
        state.outdatedCount = 0
    }
}
