internal import Batching
internal import Foundation
internal import Usage

/// Speaks the collector's side of the wire by hand, to say what no real collector would.
struct IngestClient {
    let url: String
    let caller: HTTPCaller
    let provider: String
    let collector: String
    let spoolID: SpoolID

    init(
        _ aggregator: AggregatorProcess, authorityFile: String, certificate: (certificate: String, key: String)?,
        provider: String, collector: String = "edge-1"
    ) throws {
        url = aggregator.ingestURL
        caller = try HTTPCaller(authorityFile: authorityFile, certificate: certificate)
        self.provider = provider
        self.collector = collector
        var generator = SystemRandomNumberGenerator()
        spoolID = SpoolID(using: &generator)
    }

    /// Asks for an epoch and returns its number.
    func openEpoch() async throws -> Int64 {
        struct Grant: Decodable { var epoch: Int64 }
        return try await postEpoch().decoded(Grant.self).epoch
    }

    func postEpoch() async throws -> HTTPAnswer {
        let body =
            "{\"spool_id\":\"\(spoolID)\",\"software_version\":\"0.0.0-tests\",\"last_epoch\":0,"
            + "\"last_next_sequence\":0}"
        return try await caller.post(
            "\(url)/v1/epochs", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    /// A batch of one row for each tenant.
    func seal(ordinal: UInt64, tenants: [String], input: UInt64, as provider: String? = nil) throws -> SealedBatch {
        let sorted = tenants.sorted()
        let rows = UsageRows(
            tenants: sorted, models: ["model-a"], regions: ["unknown"],
            rows: sorted.indices.map { index in
                UsageRow(
                    minute: 29_200_000, tenant: UInt32(index), model: 0, region: 0, layer: .maas, workload: .online,
                    modality: .text, counts: TokenCounts(requests: 1, input: input, output: 7))
            })
        let header = BatchHeader(
            provider: provider ?? self.provider, collector: collector, spoolID: spoolID, ordinal: ordinal,
            sealedAtMilliseconds: Int64(Date().timeIntervalSince1970 * 1000), softwareVersion: "0.0.0-tests",
            eventCount: UInt64(sorted.count))
        return try BatchEncoder().seal(header, rows)
    }

    func post(_ batch: SealedBatch, epoch: Int64, sequence: Int64) async throws -> HTTPAnswer {
        try await post(bytes: batch.bytes, digest: batch.digest.bytes, epoch: epoch, sequence: sequence)
    }

    func post(bytes: [UInt8], digest: [UInt8], epoch: Int64, sequence: Int64) async throws -> HTTPAnswer {
        try await caller.post(
            "\(url)/v1/batches",
            headers: [
                ("Content-Type", "application/x-protobuf"), ("Content-Encoding", "zstd"),
                ("Content-Digest", "sha-256=:\(Data(digest).base64EncodedString()):"),
                ("Steelyard-Epoch", "\(epoch)"), ("Steelyard-Sequence", "\(sequence)"),
            ], body: bytes)
    }

    func shutdown() async throws { try await caller.shutdown() }
}

/// What the aggregator says about a batch that it took.
struct Receipt: Decodable, Equatable {
    var result: String
    var nextSequence: Int64

    enum CodingKeys: String, CodingKey {
        case result
        case nextSequence = "next_sequence"
    }
}
