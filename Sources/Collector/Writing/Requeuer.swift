internal import BatchFormat
internal import CollectorCore
internal import Foundation
internal import Logging
internal import SourceFormats
internal import Telemetry
package import UsageModel

/// Which quarantined records are to be read again.
package struct RequeueRequest: Sendable, Equatable {
    package var source: String
    /// Only those that were refused since, in milliseconds since 1970-01-01T00:00Z.
    package var sinceMilliseconds: Int64?
    /// Only those that were refused for this.
    package var reason: RejectionReason?

    package init(source: String, sinceMilliseconds: Int64? = nil, reason: RejectionReason? = nil) {
        self.source = source
        self.sinceMilliseconds = sinceMilliseconds
        self.reason = reason
    }

    func covers(_ record: QuarantinedRecord) -> Bool {
        guard record.source == source, reason.map({ $0.rawValue == record.reason }) ?? true else { return false }
        guard let sinceMilliseconds else { return true }
        // Both are written to the millisecond in UTC, where the order of texts is that of times.
        return record.time >= CivilTime.logText(milliseconds: sinceMilliseconds)
    }
}

/// What became of the records that were read again.
package struct RequeueOutcome: Sendable, Equatable, Codable {
    /// Counted now, and gone from the quarantine.
    package var counted: UInt64 = 0
    /// Gone as well: they were counted before, told by their ids.
    package var duplicates: UInt64 = 0
    /// Gone as well: under the configuration as it is they are not for counting.
    package var ignored: UInt64 = 0
    /// Refused again.
    package var refused: UInt64 = 0
    /// Not read: no more than a record's beginning was kept, or nothing that could be read.
    package var incomplete: UInt64 = 0

    package init() {}

    static func += (left: inout RequeueOutcome, right: RequeueOutcome) {
        left.counted += right.counted
        left.duplicates += right.duplicates
        left.ignored += right.ignored
        left.refused += right.refused
        left.incomplete += right.incomplete
    }
}

/// Reads quarantined records again under the configuration as it is now.
///
/// The writer reads one file at a time: what of it counts is durable and gone from the file before the next, so that
/// whoever is interrupted goes on by asking again.
struct Requeuer: Sendable {
    /// Why nothing was read again.
    enum Refusal: Error, Equatable {
        case noSuchSource
        /// Its files are read whole each time, so that what is repaired counts with the next look.
        case readsWholeVersions
        case closed(IntakeSwitch.Reason)
        /// The configuration can't be read.
        case wrongConfiguration(String)
    }

    let writer: Writer
    let parts: CollectorDependencies
    /// Reads the configuration as it is now.
    let readAgain: @Sendable () throws -> CollectorSettings

    /// - Throws: ``Refusal``, or a file system's error; what was counted before it stays counted.
    func run(_ request: RequeueRequest) async throws -> RequeueOutcome {
        let (plan, ids, settings) = try plan(of: request.source)
        var outcome = RequeueOutcome()
        for name in await writer.requeueableFiles {
            try Task.checkCancellation()
            do {
                outcome += try await writer.requeue(
                    name,
                    reader: RequeueReader(request: request, plan: plan, keeping: settings.storage.keeping, ids: ids))
            } catch CommitFailure.closed(let reason) {
                throw Refusal.closed(reason)
            }
        }
        parts.metrics.source(request.source).count(
            events: outcome.counted, rejected: 0, ignored: IgnoredRecords(), duplicates: outcome.duplicates, bytes: 0)
        parts.logger.info(
            "read quarantined records again",
            [
                .source: "\(request.source)", .events: "\(outcome.counted)",
                .detail: """
                \(outcome.duplicates) counted before, \(outcome.ignored) not for counting, \
                \(outcome.refused) refused again, \(outcome.incomplete) incomplete
                """,
            ])
        return outcome
    }

    private func plan(of source: String) throws -> (SourcePlan, IDRules, CollectorSettings) {
        let settings: CollectorSettings
        do {
            settings = try readAgain()
        } catch {
            throw Refusal.wrongConfiguration("\(error)")
        }
        if let found = settings.sources.first(where: { $0.name == source }) {
            if case .file(let files) = found.kind, files.exports != nil { throw Refusal.readsWholeVersions }
            return (try SourcePlan(found.format, defaults: found.defaults, framing: .document), found.ids, settings)
        }
        guard source == CollectorSettings.defaultSourceName else { throw Refusal.noSuchSource }
        let plan = try SourcePlan(
            CollectorSettings.defaultSourceFormat, defaults: settings.defaults, framing: .document)
        return (plan, IDRules(), settings)
    }
}

/// Reads the lines of one file of the quarantine.
struct RequeueReader: Sendable {
    let request: RequeueRequest
    let plan: SourcePlan
    let keeping: QuarantineRule
    /// How the ids of the source's records are understood.
    var ids = IDRules()

    /// - Parameter buckets: empty ones, of the request's source.
    func read(_ lines: [UInt8], into buckets: RequestBuckets) -> (requeued: Requeued, outcome: RequeueOutcome) {
        var buckets = buckets
        var outcome = RequeueOutcome()
        var rest: [UInt8] = []
        // As the line is written: most lines of other sources are told without reading them.
        let written = Array("\"source\":\"\(request.source)\"".utf8)
        for line in lines.split(separator: 0x0A) {
            guard line.firstRange(of: written) != nil, let record = QuarantinedRecord(line: line),
                request.covers(record)
            else {
                rest += line + [0x0A]
                continue
            }
            rest += read(record, as: line, into: &buckets, &outcome)
        }
        var accepted = buckets.accepted
        accepted.rejections = [:]
        let leavers = outcome.counted + outcome.duplicates + outcome.ignored
        return (Requeued(accepted: accepted, rest: rest, hasLeavers: leavers > 0), outcome)
    }

    /// Reads one record; answers what of it stays, as lines.
    private func read(
        _ record: QuarantinedRecord, as line: ArraySlice<UInt8>, into buckets: inout RequestBuckets,
        _ outcome: inout RequeueOutcome
    ) -> [UInt8] {
        let bytes = [UInt8](record.bytes)
        guard record.kept != .start, bytes.contains(where: { $0 > 0x20 }) else {
            outcome.incomplete += 1
            return line + [0x0A]
        }
        let before = buckets.outcome
        buckets.moveOn(to: record.file ?? "")
        var parser = plan.makeParser()
        parser.resume(
            from: ParserCheckpoint(
                position: RecordPosition(line: record.line, byteOffset: record.offset),
                memory: record.header.map { [UInt8]($0) } ?? []))
        _ = unsafe parser.consume(bytes.span.bytes, endOfInput: true, into: &buckets)
        buckets.settle(by: parser)
        let refused = buckets.takeQuarantine()
        outcome.counted += buckets.outcome.accepted - before.accepted
        outcome.duplicates += buckets.outcome.duplicates - before.duplicates
        outcome.ignored += buckets.outcome.ignored.total - before.ignored.total
        outcome.refused += UInt64(refused.count)
        // Where nothing was refused it leaves; a record that broke into several leaves as far as they count.
        return refused.reduce(into: []) { lines, entry in
            var again = QuarantinedRecord(entry)
            (again.time, again.header) = (record.time, record.header)
            if again.kept == .record { again.kept = record.kept }
            lines += (try? again.encoded()) ?? line + [0x0A]
        }
    }
}
