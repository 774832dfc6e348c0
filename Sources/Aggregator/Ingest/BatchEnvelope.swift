internal import Foundation
internal import HTTPSupport
internal import HTTPTypes
package import UsageModel

/// What travels around a sealed batch: its place in the collector's sequence, and the digest to hold the bytes against.
package struct BatchEnvelope: Sendable, Equatable {
    package var epoch: Int64
    package var sequence: Int64
    package var digest: BatchDigest

    package init(epoch: Int64, sequence: Int64, digest: BatchDigest) {
        self.epoch = epoch
        self.sequence = sequence
        self.digest = digest
    }
}

extension HTTPField.Name {
    static let contentDigest = HTTPField.Name.known("Content-Digest")
    static let steelyardEpoch = HTTPField.Name.known("Steelyard-Epoch")
    static let steelyardSequence = HTTPField.Name.known("Steelyard-Sequence")

    /// A field name that is spelt here, in the source.
    static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return field
    }
}

extension BatchEnvelope {
    static let mediaType = "application/x-protobuf"

    /// Reads the envelope from the headers of `POST /v1/batches`.
    ///
    /// - Throws: ``Problem`` 415 for another type or encoding, 400 for a missing or malformed header.
    init(headers: HTTPFields) throws(Problem) {
        let type = headers[.contentType]?.split(separator: ";").first?.trimmingSpaces().lowercased()
        guard type == Self.mediaType else {
            throw .unsupportedMediaType("A batch is sent as Content-Type: \(Self.mediaType).")
        }
        guard headers[.contentEncoding]?.lowercased() == "zstd" else {
            throw .unsupportedMediaType("A batch is sent as it was sealed, with Content-Encoding: zstd.")
        }
        let epoch = try Self.number(headers[.steelyardEpoch], name: "Steelyard-Epoch", from: 1)
        let sequence = try Self.number(headers[.steelyardSequence], name: "Steelyard-Sequence", from: 0)
        guard let header = headers[.contentDigest], let digest = Self.sha256(inContentDigest: header) else {
            throw .badRequest("Content-Digest must hold sha-256=:BASE64: of the body (RFC 9530).")
        }
        self.init(epoch: epoch, sequence: sequence, digest: digest)
    }

    private static func number(_ text: String?, name: String, from least: Int64) throws(Problem) -> Int64 {
        guard let text, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int64(text), value >= least
        else {
            throw .badRequest("\(name) must be a whole number from \(least).")
        }
        return value
    }

    /// The SHA-256 in a Content-Digest field, which may list other algorithms beside it.
    static func sha256(inContentDigest header: String) -> BatchDigest? {
        for member in header.split(separator: ",") {
            let text = member.trimmingSpaces()
            guard text.hasPrefix("sha-256=:"), text.hasSuffix(":"), text.utf8.count > 10 else { continue }
            return Base64.decode(text.dropFirst(9).dropLast()).flatMap { BatchDigest(bytes: $0) }
        }
        return nil
    }
}

/// Base64 as RFC 4648, section 4, has it: padded, nothing else in between, unused bits zero.
enum Base64 {
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        // Foundation passes over unused bits that aren't zero: only what it would write itself is taken.
        guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }
}
