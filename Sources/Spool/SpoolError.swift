/// What the spool could not do. The message names the file and says what to do.
package struct SpoolError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: RawRepresentable, Sendable, Hashable {
        package var rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Another process holds the directory.
        package static let inUse = Code(rawValue: "in-use")
        /// New input is refused until space is freed; what was accepted is safe, sealing and shipping go on.
        package static let full = Code(rawValue: "full")
        /// The file system failed; nothing appended since the last successful sync is durable.
        package static let inputOutput = Code(rawValue: "input-output")
        /// There is no such batch, or its bytes no longer pass their checksum.
        package static let noSuchBatch = Code(rawValue: "no-such-batch")
        /// The directory is another collector's.
        package static let otherIdentity = Code(rawValue: "other-identity")
        /// The directory was written by a newer version.
        package static let unsupportedVersion = Code(rawValue: "unsupported-version")
        /// A caller broke the order of operations (an spool sequence out of turn, a record that is too large).
        package static let misuse = Code(rawValue: "misuse")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
