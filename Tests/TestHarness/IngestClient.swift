package import BatchFormat
internal import Foundation
package import UsageModel

/// Speaks the collector's side of the wire by hand, to say what no real collector would.
package struct IngestClient {
    package let url: String
    package let caller: HTTPCaller
    package let provider: String
    package let collector: String
    package let spoolID: SpoolID

    package init(
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
    package func openEpoch() async throws -> Int64 {
        struct Grant: Decodable { var epoch: Int64 }
        return try await postEpoch().decoded(Grant.self).epoch
    }

    package func postEpoch() async throws -> HTTPAnswer {
        let body =
            "{\"spool_id\":\"\(spoolID)\",\"software_version\":\"0.0.0-tests\",\"last_epoch\":0,"
            + "\"last_next_sequence\":0}"
        return try await caller.post(
            "\(url)/v1/epochs", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    /// A batch of one row for each tenant.
    package func seal(spoolSequence: UInt64, tenants: [String], input: UInt64, as provider: String? = nil) throws
        -> SealedBatch
    {
        let sorted = tenants.sorted()
        let rows = UsageRows(
            tenants: sorted, models: ["model-a"], regions: ["unknown"],
            rows: sorted.indices.map { index in
                UsageRow(
                    minute: 29_200_000, tenant: UInt32(index), model: 0, region: 0, layer: .maas, workload: .online,
                    modality: .text, counts: TokenCounts(requests: 1, input: input, output: 7))
            })
        let header = BatchHeader(
            provider: provider ?? self.provider, collector: collector, spoolID: spoolID, spoolSequence: spoolSequence,
            sealedAtMilliseconds: Int64(Date().timeIntervalSince1970 * 1000), softwareVersion: "0.0.0-tests",
            eventCount: UInt64(sorted.count))
        return try BatchEncoder().seal(header, rows)
    }

    package func post(_ batch: SealedBatch, epoch: Int64, sequence: Int64) async throws -> HTTPAnswer {
        try await post(bytes: batch.bytes, digest: batch.digest.bytes, epoch: epoch, sequence: sequence)
    }

    package func post(bytes: [UInt8], digest: [UInt8], epoch: Int64, sequence: Int64) async throws -> HTTPAnswer {
        try await caller.post(
            "\(url)/v1/batches",
            headers: [
                ("Content-Type", "application/x-protobuf"), ("Content-Encoding", "zstd"),
                ("Content-Digest", "sha-256=:\(Data(digest).base64EncodedString()):"),
                ("Steelyard-Epoch", "\(epoch)"), ("Steelyard-Sequence", "\(sequence)"),
            ], body: bytes)
    }

    package func shutdown() async throws { try await caller.shutdown() }
}

/// What the aggregator says about a batch that it took.
package struct Receipt: Decodable, Equatable {
    package var result: String
    package var nextSequence: Int64

    package init(result: String, nextSequence: Int64) {
        self.result = result
        self.nextSequence = nextSequence
    }

    enum CodingKeys: String, CodingKey {
        case result
        case nextSequence = "next_sequence"
    }
}
