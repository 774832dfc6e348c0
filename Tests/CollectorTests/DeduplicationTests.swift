import Foundation
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Events that are pushed again under the id that they had.
@Suite struct DeduplicationTests {
    private struct Answer: Decodable, Equatable {
        var accepted: UInt64?
        var duplicates: UInt64?
        var rejectedCount: UInt64?

        enum CodingKeys: String, CodingKey {
            case accepted, duplicates
            case rejectedCount = "rejected_count"
        }
    }

    /// Posts to a collector over the directory. Afterwards that collector is gone, as if it had been killed.
    private func post(
        _ bodies: [String], to path: String = "/v1/events", in directory: String, settings yaml: String = "",
        clock: HandClock = HandClock(), after: @Sendable (Rig) async throws -> Void = { _ in }
    ) async throws -> [Answer] {
        let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + yaml, clock: clock)
        let server = rig.server
        let answers = try await server.makeApplication { _ in }.test(.live) { client in
            var answers: [Answer] = []
            for body in bodies { answers.append(try await Self.post(body, to: path, by: client)) }
            return answers
        }
        try await after(rig)
        return answers
    }

    private static func post(
        _ body: String, to path: String = "/v1/events", by client: any TestClientProtocol
    ) async throws -> Answer {
        try await client.execute(
            uri: path, method: .post, headers: [.contentType: "application/x-ndjson"],
            body: ByteBuffer(string: body)
        ) { response in
            #expect(response.status == .ok || response.status == .badRequest)
            return try JSONDecoder().decode(Answer.self, from: Data(response.body.readableBytesView))
        }
    }

    private func counted(_ directory: String) async throws -> (events: UInt64, input: Int128) {
        let rig = try await Rig.open(directory)
        await rig.seal()
        let totals = try await rig.sealedTotals()
        return (totals.events, totals.counts.input)
    }

    @Test func `a repeated event is accepted and not counted again`() async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let body = Lines.event(id: "a", input: 1) + Lines.event(id: "b", input: 2) + Lines.event(input: 4)
            let more = Lines.event(id: "b", input: 2) + Lines.event(id: "c", input: 8) + Lines.event(id: "c", input: 8)
            let answers = try await post([body, body, more], in: directory)
            #expect(
                answers == [
                    Answer(accepted: 3, duplicates: 0, rejectedCount: 0),
                    // What has no id is another event each time.
                    Answer(accepted: 1, duplicates: 2, rejectedCount: 0),
                    Answer(accepted: 1, duplicates: 2, rejectedCount: 0),
                ])
            let counted = try await counted(directory)
            #expect(counted == (5, 1 + 2 + 4 + 4 + 8))
        }
    }

    @Test(arguments: [false, true])
    func `ids are remembered over restarts, whether a batch holds their events or not`(sealed: Bool) async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let body = Lines.event(id: "a", input: 1) + Lines.event(id: "b", input: 2)
            _ = try await post([body], in: directory) { rig in
                if sealed {
                    await rig.seal()
                    await rig.writer.checkSpace()
                }
            }
            for _ in 0..<2 {
                #expect(
                    try await post([body], in: directory) == [Answer(accepted: 0, duplicates: 2, rejectedCount: 0)])
            }
            #expect(try await counted(directory) == (2, 3))
        }
    }

    @Test func `another event under a used id is refused and said to be`() async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let answers = try await post(
                [Lines.event(id: "a", input: 1), Lines.event(id: "a", input: 2) + Lines.event(id: "b", input: 4)],
                in: directory)
            #expect(answers.last == Answer(accepted: 1, duplicates: 0, rejectedCount: 1))
            let rig = try await Rig.open(directory)
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.counts.input == 5)
            #expect(totals.rejections == [.conflictingID: 1])
        }
    }

    @Test func `sources have ids of their own`() async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let yaml = "sources: {left: {type: http}, right: {type: http}}"
            let body = Lines.event(id: "a", input: 1)
            for path in ["/v1/events", "/v1/events/left", "/v1/events/right"] {
                let answers = try await post([body, body], to: path, in: directory, settings: yaml)
                #expect(answers.map(\.accepted) == [1, 0], "\(path)")
            }
            #expect(try await counted(directory).events == 3)
        }
    }

    @Test func `the same request many times at once counts once`() async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0")
            let server = rig.server
            let body = (0..<200).map { Lines.event(id: "e-\($0)", input: 1) }.joined()
            try await server.makeApplication { _ in }.test(.live) { client in
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<20 { group.addTask { try await Self.post(body, by: client) } }
                    return try await group.reduce(into: [Answer]()) { $0.append($1) }
                }
                #expect(answers.count { $0.accepted == 200 && $0.duplicates == 0 } == 1)
                #expect(answers.count { $0.accepted == 0 && $0.duplicates == 200 } == 19)
            }
            await rig.seal()
            #expect(try await rig.sealedTotals().events == 200)
        }
    }

    @Test func `an id is forgotten after the horizon and not before`() async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let body = Lines.event(id: "a", input: 1)
            let clock = HandClock()
            let yaml = "deduplication: {horizon: 1h}"
            _ = try await post([body], in: directory, settings: yaml, clock: clock)
            clock.advance(by: .seconds(3_600))
            #expect(try await post([body], in: directory, settings: yaml, clock: clock).first?.duplicates == 1)
            clock.advance(by: .milliseconds(1))
            #expect(try await post([body], in: directory, settings: yaml, clock: clock).first?.accepted == 1)
        }
    }

    @Test(arguments: ["{horizon: 0s}", "{max-ids: 0}"])
    func `remembering can be turned off`(_ setting: String) async throws {
        try await ScratchDirectory.with("dedupe") { directory in
            let body = Lines.event(id: "a", input: 1)
            let answers = try await post([body, body], in: directory, settings: "deduplication: \(setting)")
            #expect(answers.map(\.accepted) == [1, 1])
        }
    }
}
