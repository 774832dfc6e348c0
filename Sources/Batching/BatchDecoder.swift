package import Usage

/// Opens sealed batches from anyone: bounded before anything is decompressed, every claim checked, no bytes trap.
package struct BatchDecoder: Sendable {
    package init() {}

    /// - Throws: ``BatchError``, which says which field broke which rule.
    package func decode(_ sealed: [UInt8]) throws(BatchError) -> (header: BatchHeader, rows: UsageRows) {
        throw BatchError(.badFrame, "not read yet")
    }
}
