/// Why bytes are not a batch, or rows can't be sealed.
///
/// The code is for programs and stays the same; the message is for people, names the field and the limit, and never
/// quotes more than numbers and field names from the input.
package struct BatchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of fault it is; the raw value is what a 422 answer gives as its reason.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package var rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The sealed bytes are longer than `Limits.maxSealedBatchBytes`, or would be.
        package static let sealedTooLarge = Code(rawValue: "sealed-too-large")
        /// The frame says that it decompresses to more than `Limits.maxDecodedBatchBytes`.
        package static let decodedTooLarge = Code(rawValue: "decoded-too-large")
        /// Not exactly one zstd frame of the kind that the specification asks for.
        package static let badFrame = Code(rawValue: "bad-frame")
        /// The frame's contents don't decompress to what the frame promises.
        package static let badCompression = Code(rawValue: "bad-compression")
        /// Not the protobuf message `steelyard.v1.Batch` in its canonical form.
        package static let badMessage = Code(rawValue: "bad-message")
        /// A format version that this software doesn't know.
        package static let unsupportedVersion = Code(rawValue: "unsupported-version")
        /// A field of the header breaks its rule.
        package static let badHeader = Code(rawValue: "bad-header")
        /// A dictionary is unsorted, has repeats or unused names, is too large, or holds a name that isn't allowed.
        package static let badDictionary = Code(rawValue: "bad-dictionary")
        /// A column has the wrong length, a value out of range, or isn't in its shortest form.
        package static let badColumn = Code(rawValue: "bad-column")
        /// Rows are out of order, or a key stands twice.
        package static let badOrder = Code(rawValue: "bad-order")
        /// Counts of a row or the header contradict each other.
        package static let inconsistentCounts = Code(rawValue: "inconsistent-counts")
    }

    package var code: Code
    /// The field of the specification at fault, such as `rows.input`, or empty.
    package var field: String
    package var message: String

    package init(_ code: Code, field: String = "", _ message: String) {
        self.code = code
        self.field = field
        self.message = message
    }

    package var description: String {
        field.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue) in \(field): \(message)"
    }
}
