internal import BatchFormat
internal import HTTPSupport
internal import TextFormats
internal import UsageModel

extension Problem {
    /// What a batch is answered with that isn't acknowledged.
    static func batch(_ outcome: BatchOutcome) -> Problem {
        switch outcome {
        case .gap(let expected): gap(expectedSequence: expected)
        case .fork(let expected): fork(expectedSequence: expected)
        case .spoolSequenceReused: spoolSequenceReused
        case .fenced(let live): fenced(liveEpoch: live)
        case .unknownEpoch: unknownEpoch
        case .counted, .duplicate: preconditionFailure("\(outcome) is an acknowledgement")
        }
    }

    /// 409: a batch before this one is missing.
    private static func gap(expectedSequence: UInt64) -> Problem {
        conflict(
            "gap", title: "A batch is missing", detail: "The next batch of this epoch is \(expectedSequence).",
            [JSONMember("expected_sequence", .integer(Int64(clamping: expectedSequence)))])
    }

    /// 409: the sequence number was used for other bytes.
    private static func fork(expectedSequence: UInt64) -> Problem {
        conflict(
            "fork", title: "The sequence number was used for other bytes",
            detail: "These bytes were quarantined and not counted; the next batch of this epoch is "
                + "\(expectedSequence).",
            [JSONMember("expected_sequence", .integer(Int64(clamping: expectedSequence)))])
    }

    /// 422: the spool sequence was used for other bytes. The collector keeps them and goes on with its next batch.
    private static let spoolSequenceReused = Problem(
        status: 422, code: "invalid-batch", title: "The spool sequence was used for other bytes",
        detail: "These bytes were quarantined and not counted: what is in them may have been counted before. The "
            + "collector's data directory came from a backup, or is in use twice.",
        extensions: [
            JSONMember("reason", .string("spool-sequence-reused")),
            JSONMember("field", .string("header.spool_sequence")),
        ])

    /// 409: a newer process of the same collector is at work.
    private static func fenced(liveEpoch: UInt64) -> Problem {
        conflict(
            "fenced", title: "A newer epoch of this collector is live",
            detail: "Epoch \(liveEpoch) is live. Another process has this collector's identity; stop one of them.",
            [JSONMember("live_epoch", .integer(Int64(clamping: liveEpoch)))])
    }

    /// 409: the epoch was never issued by this database.
    private static let unknownEpoch = conflict(
        "unknown-epoch", title: "The epoch was not issued here",
        detail: "Ask for a new epoch with POST /v1/epochs; the database may have been restored.", [])

    private static func conflict(
        _ code: String, title: String, detail: String, _ extensions: [JSONMember]
    ) -> Problem {
        Problem(status: 409, code: code, title: title, detail: detail, extensions: extensions)
    }

    /// 409, never 422: the batch may be taken once a clock is right or an import is declared, so its bytes are kept.
    private static func outsideTimeWindow(
        _ minutes: ClosedRange<Int64>, taken: ClosedRange<Int64>, offset: Int64
    ) -> Problem {
        func text(_ minute: Int64) -> String { RFC3339.text(Timestamp(seconds: minute * 60)) }
        let remedy =
            minutes.upperBound > taken.upperBound
            ? "Compare the clocks of collector and aggregator."
            : "Declare the import at the aggregator (ingest.imports), or widen ingest.max-age."
        return conflict(
            "outside-time-window", title: "The batch lies too far from the aggregator's clock",
            detail: "Usage from \(text(minutes.lowerBound)) to \(text(minutes.upperBound)); taken is "
                + "\(text(taken.lowerBound)) to \(text(taken.upperBound)). Keep the batch and send it again later. \(remedy)",
            [JSONMember("clock_offset_seconds", .integer(offset))])
    }

    static func batch(_ refusal: BatchRefusal) -> Problem {
        switch refusal {
        case .digestMismatch:
            Problem(
                status: 400, code: "digest-mismatch", title: "The body is not what its digest says",
                detail: "The bytes were damaged on the way; send the same batch again.")
        case .invalid(let error):
            Problem(
                status: 422, code: "invalid-batch", title: "The bytes are not a valid batch",
                detail: "\(error.message)",
                extensions: [
                    JSONMember("reason", .string(error.code.rawValue)), JSONMember("field", .string(error.field)),
                ])
        case .wrongProvider:
            .forbidden(
                "The batch is of another provider than the client certificate.", code: "wrong-provider")
        case .wrongCollector:
            .forbidden(
                "The batch was sealed by another collector than the client certificate names.", code: "wrong-identity")
        case .outsideTimeWindow(let minutes, let taken, let offset):
            outsideTimeWindow(minutes, taken: taken, offset: offset)
        case .tooManyRows(let rows, let limit):
            conflict(
                "too-many-rows", title: "The batch has more rows than this aggregator takes",
                detail: "\(rows) rows, but ingest.max-rows is \(limit). Keep the batch; raise the setting at the "
                    + "aggregator, or lower seal.rows at the collector for the batches after it.",
                [JSONMember("rows", .integer(Int64(rows))), JSONMember("limit", .integer(Int64(limit)))])
        }
    }
}
