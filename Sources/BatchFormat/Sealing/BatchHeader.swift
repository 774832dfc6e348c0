package import UsageModel

/// What a batch says about itself beside its rows: who sealed it, when, and how its numbers add up.
///
/// Epoch and sequence are not here: they are the shipping envelope, so that sealed bytes never change.
package struct BatchHeader: Sendable, Equatable {
    /// The provider that the rows belong to; the receiver holds it against the client certificate.
    package var provider: String
    /// The collector's name; held against the client certificate too.
    package var collector: String
    package var spoolID: SpoolID
    /// Rises by one per sealed batch of a spool, from 1.
    package var spoolSequence: UInt64
    /// When the batch was sealed, in milliseconds since 1970-01-01T00:00Z by the collector's clock.
    package var sealedAtMilliseconds: Int64
    /// The collector's version, 1 to 64 bytes of printable ASCII without spaces.
    package var softwareVersion: String
    /// Events that the rows sum up, those that are taken back among them.
    package var eventCount: UInt64
    /// Events that were refused since the batch before, by reason. No zero counts.
    package var rejections: [RejectionReason: UInt64]

    package init(
        provider: String, collector: String, spoolID: SpoolID, spoolSequence: UInt64, sealedAtMilliseconds: Int64,
        softwareVersion: String, eventCount: UInt64, rejections: [RejectionReason: UInt64] = [:]
    ) {
        self.provider = provider
        self.collector = collector
        self.spoolID = spoolID
        self.spoolSequence = spoolSequence
        self.sealedAtMilliseconds = sealedAtMilliseconds
        self.softwareVersion = softwareVersion
        self.eventCount = eventCount
        self.rejections = rejections
    }
}
