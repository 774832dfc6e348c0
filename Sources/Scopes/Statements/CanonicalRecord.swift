/// One line of several named values: `row=entity:volcengine,rank:1`.
struct CanonicalRecord {
    private(set) var pairs: [(name: String, value: String)] = []

    init() {}

    /// Takes a line's value apart.
    init(_ text: String) throws(StatementTextError) {
        for pair in CanonicalText.names(text) ?? [] {
            let parts = pair.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw StatementTextError("\"\(pair.prefix(64))\" is not name:value.") }
            add(String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        }
    }

    /// Adds a value; one that is `nil` is left out.
    mutating func add(_ name: String, _ value: String?) {
        if let value { pairs.append((name, value)) }
    }

    mutating func add(_ name: String, _ value: some BinaryInteger) { add(name, String(value)) }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    func required(_ name: String) throws(StatementTextError) -> String {
        guard let value = self[name] else { throw StatementTextError("A line has no value \(name).") }
        return value
    }

    func number<Value: FixedWidthInteger>(_ name: String) throws(StatementTextError) -> Value {
        let text = try required(name)
        guard let value = Value(text) else {
            throw StatementTextError("\(name):\(text.prefix(64)) is not a whole number, or too large.")
        }
        return value
    }

    /// An amount that is left out where it is nothing.
    func amount(_ name: String) throws(StatementTextError) -> UInt128 { self[name] == nil ? 0 : try number(name) }

    /// The line's value.
    var text: String {
        pairs.map { CanonicalText.escaped("\($0.name):\($0.value)") }.joined(separator: ",")
    }
}

/// Why a text is no statement's canonical form.
package struct StatementTextError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
