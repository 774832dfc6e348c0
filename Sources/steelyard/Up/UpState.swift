internal import Foundation
internal import Identity

/// What a running `steelyard up` tells the other commands, in `<data>/up.json`.
struct UpState: Codable, Sendable, Equatable {
    struct Child: Codable, Sendable, Equatable {
        /// `aggregator`, or `collector-P`.
        var name: String
        var pid: Int32
        /// The configuration file it was started with, by which a leftover is recognised as ours.
        var configuration: String
    }

    struct CollectorAddress: Codable, Sendable, Equatable {
        var provider: String
        /// Base URL of its HTTP intake, metrics and health.
        var url: String
    }

    /// The process of `steelyard up` itself.
    var pid: Int32
    /// Base URL of the query API.
    var queryURL: String
    /// Base URL of the ingest listener.
    var ingestURL: String
    var collectors: [CollectorAddress]
    var children: [Child]
    /// Whether everything answered when this was written.
    var isReady: Bool

    enum CodingKeys: String, CodingKey {
        case pid, collectors, children
        case queryURL = "query_url"
        case ingestURL = "ingest_url"
        case isReady = "ready"
    }

    static func read(from directory: DataDirectory) throws -> UpState {
        try JSONDecoder().decode(UpState.self, from: Data(contentsOf: URL(fileURLWithPath: directory.state)))
    }

    func write(to directory: DataDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        try PrivateFile.write(text, to: directory.state, for: .everybody, overwriting: true)
    }
}
