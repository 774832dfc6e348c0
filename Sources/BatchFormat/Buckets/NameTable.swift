internal import UsageModel

/// Interned names of one dimension: bytes in an arena, found by open addressing.
///
/// Identifiers count up from 0 in the order in which names are first seen. A name is checked against `NameRule` then,
/// and brought into the spelling that names are kept in, so that whatever is in the table may be sealed. Another
/// spelling that was sent is remembered beside it and found as fast.
struct NameTable: Sendable {
    /// What the dimension is called in rejections.
    let field: StaticString
    /// The most names that the table takes.
    let maxNames: Int
    /// The longest name, in bytes.
    let maxNameBytes: Int

    private let hash: KeyedHash
    /// All names, one after the other.
    private var arena: [UInt8] = []
    /// Where name *i* ends in the arena; it begins where the one before ends.
    private var ends: [UInt32] = []
    /// Other spellings of names, as they were sent.
    private var spellings = Spellings()
    /// 0, or the upper half of a name's hash above its identifier plus 1; with ``spellingBit``, above that of a
    /// spelling. A power of two of them, at most half in use.
    private var slots: [UInt64]

    private static let initialSlotCount = 64
    /// Set in what is a spelling among the identifiers in ``slots``.
    private static let spellingBit: UInt32 = 1 << 30
    /// The most spellings that are remembered; those beyond are composed anew for each event.
    private static let maxSpellings = 4_096

    /// Names in spellings other than the kept one: bytes in an arena, and which name each is.
    private struct Spellings: Sendable {
        var arena: [UInt8] = []
        var ends: [UInt32] = []
        var identifiers: [UInt32] = []

        var count: Int { ends.count }

        func bounds(_ index: Int) -> (start: Int, end: Int) {
            (index == 0 ? 0 : Int(ends[index - 1]), Int(ends[index]))
        }

        mutating func removeAll(keepingCapacity: Bool) {
            arena.removeAll(keepingCapacity: keepingCapacity)
            ends.removeAll(keepingCapacity: keepingCapacity)
            identifiers.removeAll(keepingCapacity: keepingCapacity)
        }
    }

    init(field: StaticString, maxNames: Int, maxNameBytes: Int, hash: KeyedHash) {
        self.field = field
        self.maxNames = maxNames
        self.maxNameBytes = maxNameBytes
        self.hash = hash
        slots = Array(repeating: 0, count: Self.initialSlotCount)
    }

    /// The tenants of a batch.
    static func tenants(_ hash: KeyedHash) -> NameTable {
        NameTable(
            field: "tenant", maxNames: Limits.maxTenantsPerBatch, maxNameBytes: Limits.maxTenantNameBytes, hash: hash)
    }

    /// The models of a batch.
    static func models(_ hash: KeyedHash) -> NameTable {
        NameTable(
            field: "model", maxNames: Limits.maxModelsPerBatch, maxNameBytes: Limits.maxModelNameBytes, hash: hash)
    }

    /// The regions of a batch.
    static func regions(_ hash: KeyedHash) -> NameTable {
        NameTable(
            field: "region", maxNames: Limits.maxRegionsPerBatch, maxNameBytes: Limits.maxRegionNameBytes, hash: hash)
    }

    var count: Int { ends.count }
    /// Bytes of all names together.
    var byteCount: Int { arena.count }

    /// The identifier of the name at `range` of `bytes`, made if need be.
    @inline(__always)
    mutating func intern(_ bytes: RawSpan, _ range: FieldRange) throws(Rejection) -> UInt32 {
        let start = Int(range.start)
        let length = Int(range.count)
        guard length > 0, start + length <= bytes.byteCount else { throw missing() }
        return try intern(bytes, range, hashValue: hash.hash(bytes, from: start, count: length))
    }

    /// - Parameter hashValue: of the bytes at `range`, at least one and within `bytes`.
    @inline(__always)
    mutating func intern(_ bytes: RawSpan, _ range: FieldRange, hashValue: UInt64) throws(Rejection) -> UInt32 {
        let start = Int(range.start)
        let length = Int(range.count)
        let tag = hashValue & 0xFFFF_FFFF_0000_0000
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hashValue) & mask
        while true {
            let slot = slots[index]
            if slot == 0 { return try insert(bytes, start: start, length: length, hashValue: hashValue, at: index) }
            if slot & 0xFFFF_FFFF_0000_0000 == tag {
                let identifier = UInt32(truncatingIfNeeded: slot) &- 1
                if identifier & Self.spellingBit == 0 {
                    if isName(identifier, equalTo: bytes, start: start, length: length) { return identifier }
                } else {
                    let spelling = Int(identifier ^ Self.spellingBit)
                    if isSpelling(spelling, equalTo: bytes, start: start, length: length) {
                        return spellings.identifiers[spelling]
                    }
                }
            }
            index = (index + 1) & mask
        }
    }

    /// The hash of the bytes at `range`, at least one and within `bytes`, with the memory on the way where the name is
    /// looked for.
    @inline(__always)
    func announce(_ bytes: RawSpan, _ range: FieldRange) -> UInt64 {
        let hashValue = hash.hash(bytes, from: Int(range.start), count: Int(range.count))
        slots.prefetch(Int(truncatingIfNeeded: hashValue) & (slots.count - 1))
        return hashValue
    }

    /// The same for another table's name.
    @inline(__always)
    func announce(_ identifier: UInt32, of other: NameTable) {
        let (start, end) = other.bounds(identifier)
        let range = FieldRange(start: UInt32(start), count: UInt32(end - start))
        _ = unsafe announce(other.arena.span.bytes, range)
    }

    /// Has the bytes brought near that a name with this hash is compared with, once its slot is.
    @inline(__always)
    func announce(hashValue: UInt64) {
        let slot = slots[Int(truncatingIfNeeded: hashValue) & (slots.count - 1)]
        let identifier = UInt32(truncatingIfNeeded: slot) &- 1
        guard slot & 0xFFFF_FFFF_0000_0000 == hashValue & 0xFFFF_FFFF_0000_0000, slot != 0,
            identifier & Self.spellingBit == 0
        else { return }
        arena.prefetch(bounds(identifier).start)
    }

    /// The identifier of another table's name, made if need be. There must be room for it.
    mutating func intern(_ identifier: UInt32, of other: NameTable) -> UInt32 {
        let (start, end) = other.bounds(identifier)
        do throws(Rejection) {
            return try unsafe intern(
                other.arena.span.bytes, FieldRange(start: UInt32(start), count: UInt32(end - start)))
        } catch {
            preconditionFailure("a name that was sure to fit did not: \(error)")
        }
    }

    /// Forgets all names; the memory stays where `keepingCapacity` says so.
    mutating func removeAll(keepingCapacity: Bool) {
        arena.removeAll(keepingCapacity: keepingCapacity)
        ends.removeAll(keepingCapacity: keepingCapacity)
        spellings.removeAll(keepingCapacity: keepingCapacity)
        if keepingCapacity {
            for index in slots.indices { slots[index] = 0 }
        } else {
            slots = Array(repeating: 0, count: Self.initialSlotCount)
        }
    }

    /// The identifiers for which `isUsed`, in the order of their names' bytes.
    func sortedIdentifiers(where isUsed: (Int) -> Bool) -> [UInt32] {
        let arenaBytes = unsafe arena.span.bytes
        var keys: [(prefix: UInt64, identifier: UInt32)] = []
        keys.reserveCapacity(count)
        for identifier in 0..<count where isUsed(identifier) {
            let (start, end) = bounds(UInt32(identifier))
            keys.append((arenaBytes.bigEndianPrefix(from: start, to: end), UInt32(identifier)))
        }
        keys.sort { left, right in
            if left.prefix != right.prefix { return left.prefix < right.prefix }
            return isName(left.identifier, before: right.identifier)
        }
        return keys.map(\.identifier)
    }

    func name(_ identifier: UInt32) -> String {
        let (start, end) = bounds(identifier)
        return String(decoding: arena[start..<end], as: UTF8.self)
    }

    @inline(never)
    private mutating func insert(
        _ bytes: RawSpan, start: Int, length: Int, hashValue: UInt64, at index: Int
    ) throws(Rejection) -> UInt32 {
        let name = bytes.extracting(start..<start + length)
        // Rows that an earlier release summed may hold characters that are not seen.
        if let problem = NameRule.problem(in: name, maxBytes: maxNameBytes, isSealed: true) {
            throw Rejection(reason(of: problem), field: "\(field)", detail: "the name \(problem.explanation)")
        }
        if let kept = keptSpelling(of: name) {
            let range = FieldRange(start: 0, count: UInt32(kept.utf8.count))
            let identifier = unsafe try intern(kept.utf8.span.bytes, range)
            remember(name, hashValue: hashValue, as: identifier)
            return identifier
        }
        guard count < maxNames else {
            throw Rejection(
                .tooManyNames, field: "\(field)",
                detail: "a batch holds at most \(maxNames) different values; is a request id in this field?")
        }
        for offset in start..<start + length { arena.append(bytes.byte(at: offset)) }
        ends.append(UInt32(arena.count))
        slots[index] = hashValue & 0xFFFF_FFFF_0000_0000 | UInt64(count)
        enlargeIfHalfFull()
        return UInt32(count - 1)
    }

    /// The spelling that the name is kept in, where it is another one. One that doesn't fit is left to the aggregator.
    private func keptSpelling(of name: RawSpan) -> String? {
        let bytes = (0..<name.byteCount).map { name.byte(at: $0) }
        let blank = UInt8(ascii: " ")
        if bytes.first != blank, bytes.last != blank, bytes.allSatisfy({ $0 < 0x80 }) { return nil }
        let kept = NameRule.kept(String(decoding: bytes, as: UTF8.self))
        return kept.utf8.count > maxNameBytes || kept.utf8.elementsEqual(bytes) ? nil : kept
    }

    private mutating func remember(_ spelling: RawSpan, hashValue: UInt64, as identifier: UInt32) {
        guard spellings.count < Self.maxSpellings else { return }
        for offset in 0..<spelling.byteCount { spellings.arena.append(spelling.byte(at: offset)) }
        spellings.ends.append(UInt32(spellings.arena.count))
        spellings.identifiers.append(identifier)
        slots.occupyFirstFree(hashValue, entry: Self.entry(ofSpelling: spellings.count - 1))
        enlargeIfHalfFull()
    }

    private static func entry(ofSpelling index: Int) -> UInt64 { UInt64(UInt32(index) | spellingBit) + 1 }

    private mutating func enlargeIfHalfFull() {
        if (count + spellings.count) * 2 > slots.count { slots = enlargedSlots() }
    }

    /// The slots for twice as many names.
    private func enlargedSlots() -> [UInt64] {
        let arenaBytes = unsafe arena.span.bytes
        var larger = [UInt64](repeating: 0, count: slots.count * 2)
        for identifier in 0..<count {
            let (start, end) = bounds(UInt32(identifier))
            let hashValue = hash.hash(arenaBytes, from: start, count: end - start)
            larger.occupyFirstFree(hashValue, entry: UInt64(identifier) + 1)
        }
        let spellingBytes = unsafe spellings.arena.span.bytes
        for index in 0..<spellings.count {
            let (start, end) = spellings.bounds(index)
            let hashValue = hash.hash(spellingBytes, from: start, count: end - start)
            larger.occupyFirstFree(hashValue, entry: Self.entry(ofSpelling: index))
        }
        return larger
    }

    @inline(__always)
    private func bounds(_ identifier: UInt32) -> (start: Int, end: Int) {
        let index = Int(identifier)
        return (index == 0 ? 0 : Int(ends[index - 1]), Int(ends[index]))
    }

    @inline(__always)
    private func isName(_ identifier: UInt32, equalTo bytes: RawSpan, start: Int, length: Int) -> Bool {
        let (nameStart, nameEnd) = bounds(identifier)
        guard nameEnd - nameStart == length else { return false }
        return unsafe arena.span.bytes.holds(bytes, from: start, count: length, at: nameStart)
    }

    private func isSpelling(_ index: Int, equalTo bytes: RawSpan, start: Int, length: Int) -> Bool {
        let (spellingStart, spellingEnd) = spellings.bounds(index)
        guard spellingEnd - spellingStart == length else { return false }
        return unsafe spellings.arena.span.bytes.holds(bytes, from: start, count: length, at: spellingStart)
    }

    private func isName(_ left: UInt32, before right: UInt32) -> Bool {
        let (leftStart, leftEnd) = bounds(left)
        let (rightStart, rightEnd) = bounds(right)
        return arena[leftStart..<leftEnd].lexicographicallyPrecedes(arena[rightStart..<rightEnd])
    }

    private func missing() -> Rejection {
        Rejection(.missingField, field: "\(field)", detail: "every event needs one, or a default in the configuration")
    }

    private func reason(of problem: NameRule.Problem) -> RejectionReason {
        switch problem {
        case .empty: .missingField
        case .tooLong: .nameTooLong
        case .invalidUTF8: .invalidUTF8
        case .forbiddenCharacter, .reserved: .badName
        }
    }
}

extension [UInt64] {
    /// Puts an entry into a table of a power of two of slots: the upper half of the hash above `entry`, at the first
    /// free slot from where the hash's lower half points. One slot must be free.
    mutating func occupyFirstFree(_ hashValue: UInt64, entry: UInt64) {
        let mask = count - 1
        var index = Int(truncatingIfNeeded: hashValue) & mask
        while self[index] != 0 { index = (index + 1) & mask }
        self[index] = hashValue & 0xFFFF_FFFF_0000_0000 | entry
    }
}

extension RawSpan {
    /// Whether so many bytes from `own` on are those of another span.
    @inline(__always)
    fileprivate func holds(_ bytes: RawSpan, from start: Int, count: Int, at own: Int) -> Bool {
        var offset = 0
        while offset + 8 <= count {
            if word(at: own + offset) != bytes.word(at: start + offset) { return false }
            offset += 8
        }
        while offset < count {
            if byte(at: own + offset) != bytes.byte(at: start + offset) { return false }
            offset += 1
        }
        return true
    }

    /// The first eight bytes of a range as an integer that sorts as the bytes do; zeros stand for missing bytes.
    func bigEndianPrefix(from start: Int, to end: Int) -> UInt64 {
        if end - start >= 8 { return word(at: start).byteSwapped }
        var prefix: UInt64 = 0
        for offset in 0..<8 { prefix = prefix << 8 | (start + offset < end ? UInt64(byte(at: start + offset)) : 0) }
        return prefix
    }
}
