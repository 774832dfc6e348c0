import APIModel
import Crypto
import Foundation
import HTTPSupport
import NIOCore
import TestSupport
import Testing
import TextFormats
import UsageModel

@testable import Aggregator

/// Answers are written as their rows come, and wait for their readers in files.
@Suite struct StoredAnswerTests {
    private static func collectors(_ count: Int) -> CollectorsResponse {
        CollectorsResponse { answer in
            answer.collectors = (0..<count).map { index in
                CollectorRow {
                    $0.provider = "volcengine"
                    $0.name = "edge, \(index)"
                    $0.softwareVersion = "=1.0"
                    $0.lastSeen = Moment(second: Int64(index), in: .utc)
                }
            }
        }
    }

    private static func written(_ answer: CollectorsResponse, as format: AnswerFormat) throws -> StoredAnswer {
        var empty = answer
        empty.collectors = []
        var encoder = try RowEncoder(empty, as: format, to: AnswerWriter(AnswerFiles(), permit: nil, isHashed: true))
        for row in answer.collectors { try encoder.append(row) }
        return try encoder.finish()
    }

    private static func read(_ answer: StoredAnswer) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < answer.count {
            let part = try await answer.part(at: bytes.count)
            #expect(part.readableBytes > 0 && part.readableBytes <= APILimits.responsePartBytes)
            bytes += part.readableBytesView
        }
        return bytes
    }

    @Test(arguments: [0, 1, 2, 3_000])
    func `an answer that was written row by row is the answer`(count: Int) async throws {
        let answer = Self.collectors(count)
        let json = try Self.written(answer, as: .json)
        #expect(try await Self.read(json) == answer.json + [0x0A])
        let csv = try Self.written(answer, as: .csv)
        let bytes = try await Self.read(csv)
        #expect(bytes == answer.csv.bytes)
        #expect(csv.digest == Array(SHA256.hash(data: bytes)))
        #expect(count < 3_000 || bytes.count > 2 * APILimits.responsePartBytes)
    }

    @Test func `what of an answer lies on disk has no name there and counts until it is let go of`() async throws {
        try await ScratchDirectory.with("answers") { directory in
            var limits = QuestionBudget.Limits()
            limits.bytes = .init(all: 1 << 20, perToken: 1 << 20)
            let budget = QuestionBudget(limits)
            let part = [UInt8](repeating: 0x20, count: APILimits.responsePartBytes)
            var kept: [StoredAnswer] = []
            do {
                let permit = try budget.permit(for: "a")
                let writer = AnswerWriter(AnswerFiles(directory: directory), permit: permit)
                for _ in 0..<12 { try writer.append(part) }
                kept.append(try writer.finish())
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
                let second = AnswerWriter(AnswerFiles(directory: directory), permit: try budget.permit(for: "a"))
                #expect(throws: QuestionBudget.Refusal.tooMuchUnread) { for _ in 0..<12 { try second.append(part) } }
                withExtendedLifetime(permit) {}
            }
            kept.removeAll()
            let third = AnswerWriter(AnswerFiles(directory: directory), permit: try budget.permit(for: "a"))
            for _ in 0..<12 { try third.append(part) }
        }
    }

    @Test func `a directory that takes no answers is named at the start, and with it what to do`() async throws {
        let files = AnswerFiles(directory: "/no/such/directory")
        let error = #expect(throws: AnswerFileError.self) { try files.check() }
        #expect(error?.description.contains("/no/such/directory: No such file or directory") == true)
        #expect(error?.description.contains("query.answers-directory") == true)
        #expect(error.flatMap { Problem(cause: $0) }?.code == "answers-unavailable")
        // Small answers need none.
        let writer = AnswerWriter(files, permit: nil)
        try writer.append([1, 2, 3])
        #expect(try writer.finish().count == 3)
        #expect(throws: AnswerFileError.self) {
            try AnswerWriter(files, permit: nil).append([UInt8](repeating: 0, count: APILimits.responsePartBytes))
        }
    }
}
