package import CollectorCore
package import UsageModel

/// What shipping asks of the aggregator. The real one speaks HTTP; a parameter, so that order and repetition can be
/// tested without a network.
package protocol AggregatorTransport: Sendable {
    func requestEpoch(_ claim: EpochPosition, spoolID: SpoolID) async -> EpochAnswer
    func lookUp(_ digests: [BatchDigest], epoch: UInt64) async -> LookupAnswer
    func send(_ sealed: [UInt8], digest: BatchDigest, epoch: UInt64, sequence: UInt64) async -> BatchAnswer
    /// Says that this collector is there; `heartbeat` without what only the transport knows, the version and the
    /// certificate's end.
    func beat(_ heartbeat: ControlMessages.Heartbeat) async -> HeartbeatAnswer
    func shutDown() async
}
