/// The JSON of the control plane between collector and aggregator; see `Protocols/README.md`.
enum ControlMessages {
    struct EpochRequest: Encodable {
        var spoolID: String
        var softwareVersion: String
        var lastEpoch: UInt64
        var lastNextSequence: UInt64

        enum CodingKeys: String, CodingKey {
            case spoolID = "spool_id"
            case softwareVersion = "software_version"
            case lastEpoch = "last_epoch"
            case lastNextSequence = "last_next_sequence"
        }
    }

    struct EpochGrant: Decodable {
        var epoch: UInt64
        var nextSequence: UInt64
        var regressed: Bool

        enum CodingKeys: String, CodingKey {
            case epoch, regressed
            case nextSequence = "next_sequence"
        }
    }

    struct LookupRequest: Encodable {
        var epoch: UInt64
        var digests: [String]
    }

    struct LookupResult: Decodable {
        var counted: [Bool]
    }

    struct BatchResult: Decodable {
        var result: String
    }

    /// Problem details as the aggregator sends them.
    struct ProblemDetails: Decodable {
        var code: String?
        var detail: String?
        var reason: String?
        var expectedSequence: UInt64?

        enum CodingKeys: String, CodingKey {
            case code, detail, reason
            case expectedSequence = "expected_sequence"
        }
    }
}
