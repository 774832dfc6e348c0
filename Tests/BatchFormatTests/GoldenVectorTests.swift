internal import Foundation
internal import Testing
internal import UsageModel

@testable internal import BatchFormat

/// Holds reader and writer to the vectors under `Protocols/vectors`.
///
/// With `STEELYARD_RECORD_VECTORS=1` in the environment the vectors are written first: for a new vector of a new
/// format version only. Those of a released version never change.
@Suite struct GoldenVectorTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Protocols/vectors").standardizedFileURL
    private static let isRecording = ProcessInfo.processInfo.environment["STEELYARD_RECORD_VECTORS"] == "1"

    struct Vector: CustomStringConvertible, Sendable {
        var name: String
        var events: [PlainEvent]
        var rejections: [RejectionReason: UInt64] = [:]
        var description: String { name }

        func contents() throws -> (header: BatchHeader, rows: UsageRows) {
            let sums = try MinuteBuckets.summing(events)
            return (.sample(eventCount: sums.eventCount, rejections: rejections), sums.rows())
        }
    }

    static let vectors: [Vector] = [
        Vector(name: "one-row", events: [PlainEvent()]),
        Vector(name: "refusals-only", events: [], rejections: [.syntax: 3, .timeInFuture: 1]),
        Vector(
            name: "names",
            events: ["a", "acme", "acme-1", "acme-12", "acme-2", "租户-一", "租户-二", "z"].map { PlainEvent(tenant: $0) }),
        Vector(
            name: "codes",
            events: Layer.allCases.flatMap { layer in
                Workload.allCases.flatMap { workload in
                    Modality.allCases.map { PlainEvent(layer: layer, workload: workload, modality: $0) }
                }
            }),
        Vector(
            name: "minutes",
            events: [0, 1, 2, 60, 1_440, 29_000_000].flatMap { minute in
                ["m1", "m2"].map { PlainEvent(minute: minute, model: $0) }
            }),
        Vector(
            name: "largest",
            events: [
                PlainEvent(minute: BatchBounds.maxMinute, counts: TokenCounts(requests: 1)),
                PlainEvent(
                    minute: BatchBounds.maxMinute, region: "cn-shanghai",
                    counts: TokenCounts(
                        requests: Limits.maxRequestsPerEvent, input: Limits.maxTokensPerField,
                        cachedInput: Limits.maxTokensPerField, output: Limits.maxTokensPerField,
                        reasoningOutput: Limits.maxTokensPerField)),
            ], rejections: [.badName: .max]),
        Vector(name: "mixed", events: mixed(200), rejections: [.badTime: 2]),
        Vector(name: "flags", events: flagged(60)),
        Vector(
            name: "taken-back",
            events: ["cn-beijing", "cn-shanghai"].map { PlainEvent(region: $0, flags: .takenBack) }
        ),
    ]

    private static func flagged(_ count: Int) -> [PlainEvent] {
        var generator = SeededGenerator(seed: 2027)
        return (0..<count).map { _ in .randomFlagged(using: &generator) }
    }

    private static func mixed(_ count: Int) -> [PlainEvent] {
        var generator = SeededGenerator(seed: 2026)
        return (0..<count).map { _ in .random(using: &generator) }
    }

    @Test(arguments: vectors)
    func `writing gives the message, byte for byte, and reading gives the rows`(_ vector: Vector) throws {
        let (header, rows) = try vector.contents()
        if Self.isRecording { try record(vector.name, header, rows) }
        let message = try bytes("\(vector.name).message.hex")
        let sealed = try bytes("\(vector.name).sealed.hex")
        #expect(try BatchEncoder.message(header, rows) == message)
        #expect(try ZstdFrame.decompress(sealed) == message)
        let opened = try BatchDecoder().decode(sealed)
        #expect(opened.header == header)
        #expect(opened.rows == rows)
    }

    @Test func `the list of refused messages is refused`() throws {
        let file = Self.directory.appending(path: "refused.txt")
        if Self.isRecording {
            let lines = try HandMadeMessage.all().map {
                "\($0.code.rawValue) | \($0.name) | \(Hexadecimal.text($0.bytes))\n"
            }
            try Data(lines.joined().utf8).write(to: file)
        }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count >= 75)
        for line in lines {
            let parts = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            let message = try #require(parts.count == 3 ? Hexadecimal.bytes(parts[2]) : nil)
            let error = #expect(throws: BatchError.self, "\(parts[1])") { try BatchDecoder.decode(message: message) }
            #expect(error?.code.rawValue == parts[0], "\(parts[1])")
        }
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        let text = try String(contentsOf: Self.directory.appending(path: name), encoding: .utf8)
        return try #require(Hexadecimal.bytes(text.filter { !$0.isWhitespace }))
    }

    private func record(_ name: String, _ header: BatchHeader, _ rows: UsageRows) throws {
        try FileManager.default.createDirectory(at: Self.directory, withIntermediateDirectories: true)
        let sealed = try BatchEncoder().seal(header, rows)
        let files = [
            "\(name).txt": describe(header, rows),
            "\(name).message.hex": rolledUp(try BatchEncoder.message(header, rows)),
            "\(name).sealed.hex": rolledUp(sealed.bytes),
        ]
        for (file, text) in files { try Data(text.utf8).write(to: Self.directory.appending(path: file)) }
    }

    private func rolledUp(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 40)
            .map { Hexadecimal.text(bytes[$0..<min($0 + 40, bytes.count)]) + "\n" }.joined()
    }

    private func describe(_ header: BatchHeader, _ rows: UsageRows) -> String {
        var lines = [
            "format_version \(FormatVersion(of: rows).rawValue)", "provider \(header.provider)",
            "collector \(header.collector)",
            "spool_id \(header.spoolID.hex)", "spool_sequence \(header.spoolSequence)",
            "sealed_at_milliseconds \(header.sealedAtMilliseconds)", "software_version \(header.softwareVersion)",
            "event_count \(header.eventCount)",
        ]
        lines += header.rejections.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "rejected \($0.key.rawValue) \($0.value)"
        }
        lines.append("")
        let isFlagged = FormatVersion(of: rows) == .flagged
        lines.append(
            "tenant | model | region | layer | workload | modality | minute | requests | input | cached | output"
                + " | reasoning" + (isFlagged ? " | flags" : ""))
        lines += rows.rows.map { row in
            let names = [
                rows.tenants[Int(row.tenant)], rows.models[Int(row.model)], rows.regions[Int(row.region)],
                row.layer.name, row.workload.name, row.modality.name,
            ]
            let counts = row.counts
            let numbers = [
                "\(row.minute)", "\(counts.requests)", "\(counts.input)", "\(counts.cachedInput)", "\(counts.output)",
                "\(counts.reasoningOutput)",
            ]
            let flags = isFlagged ? ["\(row.flags.rawValue)"] : []
            return (names + numbers + flags).joined(separator: " | ")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
