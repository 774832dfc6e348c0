internal import BatchFormat
internal import UsageModel

/// Keeps its own book of what was emitted, acknowledged and counted, and compares.
///
/// Events are told apart although they are summed: the events of one key have 1, 4, 16 … input tokens, so the digits of
/// a sum, to base 4, say how often each was counted. The book knows nothing of how the product does its work; of its
/// code it uses only the decoder of batches.
struct Oracle {
    /// A row's key. Tenants are named after their collector, so that no two collectors share a row.
    struct Key: Hashable {
        var tenant: String
        var minute: Int64
        /// What is said of all of its events. What is taken back is told from what is counted: neither may get lost, or
        /// make up for the other.
        var flags: UsageFlags = []
        /// Whether later records change what is counted of an event: until the greatest has come, or all parts, it is
        /// counted as a call without input.
        var mayChange = false
    }

    /// What the sender was told.
    enum Fate {
        /// Nothing, or that it isn't known: counted once or not at all.
        case unknown
        /// That it is safe: counted once in the end.
        case acknowledged
        /// That it was not taken: not counted.
        case refused
    }

    /// Some events of one key.
    struct Events {
        var key: Key
        var places: Range<Int>

        /// The sum of the events' tokens.
        var tokens: UInt64 { places.reduce(0) { $0 + Oracle.tokens($1) } }
    }

    /// What the database was seen to count; goes back in time with it.
    struct Counted {
        var tokens: [Key: Int64] = [:]
        var requests: [Key: Int64] = [:]
        var rejections: [Int: UInt64] = [:]
        /// Of exports, by collector, what is taken back subtracted.
        var exports: [Int: ExportBook.Sums] = [:]
        var digests: Set<BatchDigest> = []
        var places: Set<String> = []
    }

    /// Events of one key: their tokens stay within what one event may have.
    static let eventsPerKey = 19

    private(set) var fates: [Key: [Fate]] = [:]
    var counted = Counted()
    var exports = ExportBook()
    /// Rejected records by collector: that must be reported, and that may be on top.
    private var rejected: [Int: (must: UInt64, may: UInt64)] = [:]
    private var keysMade: [Int: Int] = [:]
    private var current: [Int: Key] = [:]
    private(set) var emitted = 0

    static func tokens(_ place: Int) -> UInt64 { 1 << UInt64(2 * place) }

    // MARK: What sources see

    /// New events that a source is about to send.
    mutating func emit(
        _ collector: Int, count: Int, minute: Int64, flags: UsageFlags = [], mayChange: Bool = false
    ) -> Events {
        var key = current[collector] ?? Key(tenant: "", minute: 0)
        if key.minute != minute || key.flags != flags || key.mayChange != mayChange
            || (fates[key]?.count ?? 0) + count > Self.eventsPerKey
        {
            let number = keysMade[collector, default: 0]
            keysMade[collector] = number + 1
            key = Key(tenant: "c\(collector)-\(number)", minute: minute, flags: flags, mayChange: mayChange)
            current[collector] = key
        }
        let first = fates[key]?.count ?? 0
        fates[key, default: []] += [Fate](repeating: .unknown, count: count)
        emitted += count
        return Events(key: key, places: first..<first + count)
    }

    mutating func settle(_ events: Events, _ fate: Fate) {
        for place in events.places { fates[events.key]?[place] = fate }
    }

    /// Rejected records of a source: `must` be reported once its sender was told, or where they stand in a file.
    mutating func reject(_ collector: Int, must: UInt64 = 0, may: UInt64 = 0) {
        rejected[collector, default: (0, 0)].must += must
        rejected[collector, default: (0, 0)].may += may
    }

    /// Rejected records whose sender has now been told.
    mutating func settleRejected(_ collector: Int, _ count: UInt64) {
        rejected[collector, default: (0, 0)].must += count
        rejected[collector, default: (0, 0)].may -= count
    }

    /// Events whose file is emptied or deleted, whether or not they were read: those not counted yet may never be.
    mutating func release(_ events: Events) {
        for place in events.places where !isCounted(events.key, place) { fates[events.key]?[place] = .unknown }
    }

    /// Rejected records whose file is emptied or deleted.
    mutating func releaseRejected(_ collector: Int, _ count: UInt64) {
        let released = min(count, rejected[collector]?.must ?? 0)
        rejected[collector]?.must -= released
        rejected[collector]?.may += released
    }

    // MARK: What the database does

    /// A batch was counted.
    mutating func count(
        _ collector: Int, _ sealed: [UInt8], epoch: UInt64, sequence: UInt64
    ) throws(Violation) {
        let digest = BatchDigest(of: sealed)
        guard counted.places.insert("\(collector)/\(epoch)/\(sequence)").inserted else {
            throw Violation(.once, "collector \(collector): two batches under \(epoch)/\(sequence)")
        }
        guard counted.digests.insert(digest).inserted else {
            throw Violation(.once, "collector \(collector): batch \(digest) was counted twice")
        }
        guard let (header, rows) = try? BatchDecoder().decode(sealed) else {
            throw Violation(.exact, "collector \(collector): a batch that can't be decoded was counted")
        }
        var keys: [Key] = []
        for row in rows.rows {
            if let (key, tokens) = ExportBook.signed(row, of: rows) {
                let sum = (counted.exports[collector]?[key] ?? 0) + tokens
                counted.exports[collector, default: [:]][key] = sum == 0 ? nil : sum
                continue
            }
            let tenant = rows.tenants[Int(row.tenant)]
            var key = Key(tenant: tenant, minute: row.minute, flags: row.flags)
            // Of these nothing is sent as taken back: the collector takes back what it counted before.
            let changing = Key(tenant: tenant, minute: row.minute, mayChange: true)
            var sign: Int64 = 1
            if fates[changing] != nil { (key, sign) = (changing, row.isTakenBack ? -1 : 1) }
            counted.tokens[key, default: 0] += sign * Int64(row.counts.input)
            counted.requests[key, default: 0] += sign * Int64(row.counts.requests)
            keys.append(key)
        }
        for key in keys { try check(key) }
        try exports.check(collector, counted.exports[collector] ?? [:])
        counted.rejections[collector, default: 0] += header.rejections.values.reduce(0, +)
        try checkRejections(collector)
    }

    private func checkRejections(_ collector: Int) throws(Violation) {
        let known = rejected[collector] ?? (0, 0)
        let count = counted.rejections[collector] ?? 0
        guard count <= known.must + known.may else {
            throw Violation(.accounted, "collector \(collector): \(count) rejections reported of \(known)")
        }
    }

    /// Checks one key: nothing twice, nothing that wasn't emitted, nothing that was refused.
    private func check(_ key: Key) throws(Violation) {
        let fates = fates[key] ?? []
        var rest = counted.tokens[key] ?? 0
        var requests: Int64 = 0
        for (place, fate) in fates.enumerated() {
            let times = rest % 4
            rest /= 4
            requests += times
            guard times <= 1 else { throw Violation(.once, "event \(place) of \(key) is counted \(times) times") }
            guard times == 0 || fate != .refused else {
                throw Violation(.accounted, "event \(place) of \(key) was refused and is counted")
            }
        }
        let counted = counted.requests[key] ?? 0
        let isSound = key.mayChange ? counted >= requests && counted <= Int64(fates.count) : counted == requests
        guard rest == 0, isSound else {
            throw Violation(.exact, "\(key) counts \(self.counted.tokens[key] ?? 0) tokens, which nobody emitted")
        }
    }

    /// Checks everything once nothing is under way any more.
    func checkDrained() throws(Violation) {
        for key in fates.keys.sorted(by: { ($0.tenant, $0.minute) < ($1.tenant, $1.minute) }) {
            try check(key)
            for (place, fate) in (fates[key] ?? []).enumerated() where fate == .acknowledged {
                guard isCounted(key, place) else {
                    throw Violation(.exact, "event \(place) of \(key) was acknowledged and is not counted")
                }
            }
        }
        try exports.checkDrained(counted.exports)
        for (collector, known) in rejected.sorted(by: { $0.key < $1.key }) {
            try checkRejections(collector)
            let count = counted.rejections[collector] ?? 0
            guard count >= known.must else {
                throw Violation(.accounted, "collector \(collector): \(count) rejections reported of \(known)")
            }
        }
    }

    private func isCounted(_ key: Key, _ place: Int) -> Bool {
        (counted.tokens[key] ?? 0) / Int64(Self.tokens(place)) % 4 == 1
    }
}
