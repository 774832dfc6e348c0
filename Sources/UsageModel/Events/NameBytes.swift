/// A name by its bytes, as the database compares it. Of spellings that Unicode holds equal one is kept
/// (``NameRule/kept(_:)``), so that they don't come here as two names.
package struct NameBytes: Hashable, Comparable, Sendable {
    package var bytes: [UInt8]

    package init(_ name: String) {
        bytes = Array(name.utf8)
    }

    package static func < (left: NameBytes, right: NameBytes) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
