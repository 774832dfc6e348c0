internal import Crypto
package import UsageModel

/// A batch in the form that is spooled, sent, kept in the ledger and never changed again.
package struct SealedBatch: Sendable, Equatable {
    /// One zstd frame that holds one `steelyard.v1.Batch`.
    package var bytes: [UInt8]
    /// SHA-256 of ``bytes``.
    package var digest: BatchDigest

    package init(bytes: [UInt8], digest: BatchDigest) {
        self.bytes = bytes
        self.digest = digest
    }
}

extension BatchDigest {
    /// Computes the SHA-256 of `bytes`.
    package init(of bytes: [UInt8]) {
        guard let digest = BatchDigest(bytes: Array(SHA256.hash(data: bytes))) else {
            preconditionFailure("SHA-256 gave a digest that is not 32 bytes long")
        }
        self = digest
    }
}
