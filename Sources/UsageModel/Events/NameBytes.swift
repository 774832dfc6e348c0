/// A name by its bytes: two spellings that Unicode holds equal are two names here, as they are in the database.
package struct NameBytes: Hashable, Comparable, Sendable {
    package var bytes: [UInt8]

    package init(_ name: String) {
        bytes = Array(name.utf8)
    }

    package static func < (left: NameBytes, right: NameBytes) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
