internal import SwiftProtobuf
internal import UsageModel
internal import WireProtocol

@testable internal import BatchFormat

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Messages that lie, each with the code that a reader must refuse it with.
struct HandMadeMessage {
    var name: String
    var bytes: [UInt8]
    var code: BatchError.Code

    /// Five rows: two tenants, two models, two regions; the last two rows differ in the minute only.
    static func soundBatch() throws -> WireBatch {
        let sums = try MinuteBuckets.summing([
            PlainEvent(minute: 1_000, tenant: "acme", model: "m1", region: "east"),
            PlainEvent(minute: 1_001, tenant: "acme", model: "m2", region: "west", workload: .batch),
            PlainEvent(minute: 1_000, tenant: "acme-2", model: "m1", region: "west", modality: .image),
            PlainEvent(
                minute: 1_000, tenant: "acme-2", model: "m2", region: "west", layer: .paas,
                counts: TokenCounts(requests: 3, input: 7, output: 9)),
            PlainEvent(
                minute: 1_002, tenant: "acme-2", model: "m2", region: "west", layer: .paas,
                counts: TokenCounts(requests: 2, input: 300, cachedInput: 200, output: 1)),
        ])
        let header = BatchHeader.sample(eventCount: 5, rejections: [.badName: 2, .syntax: 1])
        return try WireBatch(serializedBytes: BatchEncoder.message(header, sums.rows()))
    }

    static func all() throws -> [HandMadeMessage] {
        try changedBatches() + rawMessages()
    }

    private static func changedBatches() throws -> [HandMadeMessage] {
        let sound = try soundBatch()
        let changes = headerChanges + namesChanges + columnChanges
        return try changes.map { name, code, change in
            var batch = sound
            change(&batch)
            return HandMadeMessage(name: name, bytes: try batch.serializedBytes(), code: code)
        }
    }

    private typealias Change = (String, BatchError.Code, @Sendable (inout WireBatch) -> Void)

    private static let headerChanges: [Change] = [
        ("format version 2", .unsupportedVersion, { $0.formatVersion = 2 }),
        ("no format version", .unsupportedVersion, { $0.formatVersion = 0 }),
        ("no header", .badHeader, { $0.clearHeader() }),
        ("provider with capitals", .badHeader, { $0.header.provider = "Aliyun" }),
        ("provider with a slash", .badHeader, { $0.header.provider = "a/b" }),
        ("no collector", .badHeader, { $0.header.collector = "" }),
        ("spool identity of 15 bytes", .badHeader, { $0.header.spoolID.removeLast() }),
        ("spool identity of 17 bytes", .badMessage, { $0.header.spoolID.append(1) }),
        ("no spoolSequence", .badHeader, { $0.header.spoolSequence = 0 }),
        ("no time of sealing", .badHeader, { $0.header.sealedAtMilliseconds = 0 }),
        ("sealed in the year 10000", .badMessage, { $0.header.sealedAtMilliseconds = 253_402_300_800_000 }),
        ("software version with a space", .badHeader, { $0.header.softwareVersion = "1 0" }),
        ("more events than requests", .inconsistentCounts, { $0.header.eventCount = 100 }),
        ("fewer events than rows", .inconsistentCounts, { $0.header.eventCount = 4 }),
        ("more events than fit", .badMessage, { $0.header.eventCount = .max }),
        ("unknown reason", .badHeader, { $0.header.rejections[0].reason = "bad-mood" }),
        ("no reason", .badHeader, { $0.header.rejections[0].reason = "" }),
        ("reason twice", .badHeader, { $0.header.rejections[1] = $0.header.rejections[0] }),
        ("reasons unsorted", .badHeader, { $0.header.rejections.swapAt(0, 1) }),
        ("reason without count", .badHeader, { $0.header.rejections[0].count = 0 }),
    ]

    private static let namesChanges: [Change] = [
        ("no tenants", .badDictionary, { $0.rows.clearTenants() }),
        ("more prefixes than suffixes", .badDictionary, { $0.rows.models.prefixBytes.append(0) }),
        ("prefix of the first name", .badDictionary, { $0.rows.tenants.prefixBytes[0] = 1 }),
        ("prefix beyond the name before", .badDictionary, { $0.rows.tenants.prefixBytes[1] = 9 }),
        ("suffix beyond what is there", .badDictionary, { $0.rows.tenants.suffixBytes[1] = 100 }),
        ("suffix of the largest length", .badMessage, { $0.rows.tenants.suffixBytes[1] = .max }),
        ("empty suffix", .badDictionary, { $0.rows.tenants.suffixBytes[1] = 0 }),
        ("bytes of no name", .badDictionary, { $0.rows.tenants.suffixes.append(0x61) }),
        (
            "prefix not the longest", .badDictionary,
            { batch in
                batch.rows.models.prefixBytes = [0, 0]
                batch.rows.models.suffixBytes = [2, 2]
                batch.rows.models.suffixes = Data("m1m2".utf8)
            }
        ),
        (
            "names unsorted", .badDictionary,
            { batch in
                batch.rows.models.suffixes = Data("m21".utf8)
            }
        ),
        ("name with a control character", .badDictionary, { $0.rows.models.suffixes = Data([0x6D, 0x31, 0x7F]) }),
        ("name that is not UTF-8", .badDictionary, { $0.rows.models.suffixes = Data([0x6D, 0x31, 0xFF]) }),
        ("name with a control", .badDictionary, { $0.rows.regions.suffixes = Data("\u{1}astwest".utf8) }),
        (
            "unused model", .badDictionary,
            { batch in
                batch.rows.models.prefixBytes.append(1)
                batch.rows.models.suffixBytes.append(1)
                batch.rows.models.suffixes.append(0x39)
            }
        ),
    ]

    private static let columnChanges: [Change] = [
        ("a row too many", .badColumn, { $0.rows.rowCount = 6 }),
        ("a row too few", .badColumn, { $0.rows.rowCount = 4 }),
        ("no row count", .badColumn, { $0.rows.rowCount = 0 }),
        ("more rows than a batch may have", .badMessage, { $0.rows.rowCount = 1_000_001 }),
        ("a million rows in few bytes", .badColumn, { $0.rows.rowCount = 1_000_000 }),
        ("tenants' rows add up to too many", .badColumn, { $0.rows.tenantRows = [1, 3] }),
        ("tenants' rows add up to too few", .badColumn, { $0.rows.tenantRows = [1] }),
        ("tenants' rows of the largest number", .badMessage, { $0.rows.tenantRows = [1, .max] }),
        ("no tenants' rows", .badColumn, { $0.rows.tenantRows = [] }),
        ("model beyond the dictionary", .badColumn, { $0.rows.model[1] = 2 }),
        ("model of the largest number", .badMessage, { $0.rows.model[1] = .max }),
        ("region beyond the dictionary", .badColumn, { $0.rows.region[0] = 2 }),
        ("layer 0", .badColumn, { $0.rows.layer[0] = 0 }),
        ("layer 5", .badColumn, { $0.rows.layer[0] = 5 }),
        ("layer 257", .badMessage, { $0.rows.layer[0] = 257 }),
        ("workload 3", .badColumn, { $0.rows.workload[1] = 3 }),
        ("modality 6", .badColumn, { $0.rows.modality[2] = 6 }),
        ("the same key twice", .badOrder, { $0.rows.minute[4] = 0 }),
        ("base minute not the earliest", .badColumn, { $0.rows.minute = [1, 2, 1, 1, 2] }),
        ("minute beyond the year 9999", .badColumn, { $0.rows.baseMinute = UInt32(BatchBounds.maxMinute) }),
        ("requests beyond 64 bits", .badColumn, { $0.rows.requests[3] = .max }),
        ("more cached input than input", .inconsistentCounts, { $0.rows.cachedInput[4] = 301 }),
        ("more reasoning than output", .inconsistentCounts, { $0.rows.reasoningOutput[4] = 2 }),
        ("equal values written out", .badColumn, { $0.rows.output = [1, 1, 1, 1, 1] }),
        ("column missing", .badColumn, { $0.rows.input = [] }),
        ("column too short", .badColumn, { $0.rows.input.removeLast() }),
        ("column too long", .badColumn, { $0.rows.input.append(1) }),
        ("rows out of order", .badOrder, { $0.rows.region = [1, 0, 1, 1, 0] }),
    ]

    private static func rawMessages() throws -> [HandMadeMessage] {
        let sound: [UInt8] = try soundBatch().serializedBytes()
        let header: [UInt8] = try soundBatch().header.serializedBytes()
        let fields: [(String, [UInt8])] = [
            ("nothing", []),
            ("unknown field behind", sound + [0x20, 1]),
            ("field number 0", [0x00, 1] + sound),
            ("field twice", [0x08, 1] + sound),
            ("fields in descending order", Array(sound.dropFirst(2)) + [0x08, 1]),
            ("a default written out", [0x08, 0] + sound.dropFirst(2)),
            ("a varint that isn't shortest", [0x08, 0x81, 0] + sound.dropFirst(2)),
            ("a varint of eleven bytes", [0x08] + [UInt8](repeating: 0xFF, count: 10) + [1]),
            ("a varint that leaves 64 bits", [0x08] + [UInt8](repeating: 0xFF, count: 9) + [2]),
            ("an empty message", [0x08, 1, 0x12, 0]),
            ("a length beyond the end", [0x08, 1, 0x12, 0xFF, 0x7F] + header),
            ("a length of 2^63", [0x08, 1, 0x12] + [UInt8](repeating: 0x80, count: 9) + [1] + header),
            ("a group", [0x0B, 0x0C]),
            ("a fixed number", [0x09, 1, 0, 0, 0, 0, 0, 0, 0]),
            ("rows that aren't a message", [0x08, 1, 0x1A, 2, 0xFF, 0xFF]),
            ("an unpacked column", [0x08, 1, 0x1A, 2, 0x38, 1]),
        ]
        return fields.map { HandMadeMessage(name: $0, bytes: $1, code: $0 == "nothing" ? .badHeader : .badMessage) }
    }
}
