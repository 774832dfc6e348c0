/// What the store refuses, with what to do about it.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Compare these; the message is for people.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let rawValue: String

        package init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        package var description: String { rawValue }

        /// The database's sums are kept in another zone's days than the configuration says.
        package static let calendarDiffers = Code("calendar-differs")
        /// The database's schema isn't the one that this program knows.
        package static let schemaVersion = Code("schema-version")
        /// Retention has dropped payloads of batches in the range, so that nothing can be rebuilt.
        package static let payloadDropped = Code("payload-dropped")
        /// A batch's payload isn't what the ledger says of it, or was deleted.
        package static let ledgerDiffers = Code("ledger-differs")
        /// Batches that were counted are gone from the ledger.
        package static let ledgerHole = Code("ledger-hole")
        /// Another instance holds the lock that this needs.
        package static let busy = Code("busy")
        /// The wait for a position ended before the position was reached.
        package static let positionNotReached = Code("position-not-reached")
        /// There is no such token, position or collector.
        package static let notFound = Code("not-found")
        /// Facts exclude each other, or one ends before it starts.
        package static let factConflict = Code("fact-conflict")
        /// What is stored of a statement isn't what was hashed when it was proposed.
        package static let damagedStatement = Code("damaged-statement")
        /// What is stored of a segment isn't what was hashed when it was written, or segments don't add up.
        package static let damagedSegment = Code("damaged-segment")
        /// Nothing restricts a question, or what did was changed while it was answered.
        package static let noReader = Code("no-reader")
        /// The login for questions could see or do more than a reader.
        package static let readerUnfit = Code("reader-unfit")
        /// The program's own resources are incomplete.
        package static let damagedInstallation = Code("damaged-installation")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) [\(code)]" }

    static func schemaVersion(found: Int, expected: Int) -> StoreError {
        StoreError(
            .schemaVersion,
            "The database has schema version \(found), this program needs \(expected). Run steelyard-aggregator migrate."
        )
    }

    static func calendarDiffers(stored: String, configured: String) -> StoreError {
        StoreError(
            .calendarDiffers,
            """
            The database keeps its days in \(stored), the configuration says \(configured). \
            Set calendar.zone to \(stored), or use another database.
            """)
    }
}
