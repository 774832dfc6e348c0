/// Keeps records that were not counted, for the operator.
package protocol QuarantineWriter {
    /// Writes the records of a batch that is about to be sealed, durably.
    mutating func write(_ entries: [QuarantineEntry], spoolSequence: UInt64) throws
    /// Writes pushed records. Their sender has the list, so they need not be durable.
    mutating func writePushed(_ entries: [QuarantineEntry]) throws
}
