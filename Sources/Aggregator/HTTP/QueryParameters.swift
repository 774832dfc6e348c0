package import HTTPSupport
internal import UsageModel

/// The query string of a request, taken strictly: every name must be known, may stand once, and must decode to UTF-8.
///
/// A misspelt filter that is silently ignored gives a wrong figure that looks right; so nothing is ignored. Values are
/// brought into the spelling that names are kept in (`NameRule.kept`), so that they find what was counted.
package struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// Parses `query` (what stands behind `?`).
    ///
    /// - Throws: ``Problem`` 400 naming the parameter, for unknown or repeated names, bad escapes and too long queries.
    package init(_ query: String?, known: [String]) throws(Problem) {
        guard let query, !query.isEmpty else { return }
        guard query.utf8.count <= APILimits.maxQueryStringBytes else {
            throw .badRequest("The query string is longer than \(APILimits.maxQueryStringBytes) bytes.")
        }
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]) else {
                throw .badRequest("A parameter name in the query string is not valid percent-encoded UTF-8.")
            }
            guard known.contains(name) else {
                let all = known.isEmpty ? "takes none" : "has \(known.joined(separator: ", "))"
                throw .badParameter(
                    String(name.prefix(64)), detail: "this path has no such parameter; it \(all)", allowed: known)
            }
            guard parts.count == 2, let value = Self.decode(parts[1]) else {
                throw .badParameter(name, detail: "needs a value in percent-encoded UTF-8, as in \(name)=VALUE")
            }
            guard !value.isEmpty else { throw .badParameter(name, detail: "is empty; leave it out, or give a value") }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .badParameter(name, detail: "holds a control character")
            }
            guard values.updateValue(NameRule.kept(value), forKey: name) == nil else {
                throw .badParameter(name, detail: "appears more than once; give several values as \(name)=A,B")
            }
        }
    }

    /// The value, which is never empty, or `nil` where the parameter is absent.
    package subscript(name: String) -> String? { values[name] }

    package func required(_ name: String, hint: String) throws(Problem) -> String {
        guard let value = self[name] else { throw .badParameter(name, detail: "is needed: \(hint)") }
        return value
    }

    /// A comma-separated list without repeats; empty where the parameter is absent. Within a value, as in the name
    /// `Acme, Inc.`, a comma has a backslash before it, and so has a backslash.
    package func list(_ name: String, limit: Int = APILimits.maxFilterValues) throws(Problem) -> [String] {
        guard let value = self[name] else { return [] }
        let items = Self.items(of: value).map(NameRule.kept)
        guard !items.contains("") else { throw .badParameter(name, detail: "holds an empty value between commas") }
        guard items.count <= limit else { throw .badParameter(name, detail: "lists more than \(limit) values") }
        guard Set(items).count == items.count else { throw .badParameter(name, detail: "lists a value twice") }
        return items
    }

    private static func items(of list: String) -> [String] {
        var items = [""]
        var isEscaped = false
        for character in list {
            if !isEscaped, character == "\\" {
                isEscaped = true
            } else if !isEscaped, character == "," {
                items.append("")
            } else {
                if isEscaped, character != ",", character != "\\" { items[items.count - 1].append("\\") }
                items[items.count - 1].append(character)
                isEscaped = false
            }
        }
        if isEscaped { items[items.count - 1].append("\\") }
        return items
    }

    /// A list whose every value has a meaning in `parse`.
    package func list<Value>(
        _ name: String, allowed: [String], parse: (String) -> Value?
    ) throws(Problem) -> [Value] {
        var parsed: [Value] = []
        for item in try list(name) {
            guard let value = parse(item) else { throw Self.unknownValue(item, of: name, allowed: allowed) }
            parsed.append(value)
        }
        return parsed
    }

    /// One value that has a meaning in `parse`, or `nil` where the parameter is absent.
    package func value<Value>(
        _ name: String, allowed: [String], parse: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let text = self[name] else { return nil }
        guard let value = parse(text) else { throw Self.unknownValue(text, of: name, allowed: allowed) }
        return value
    }

    /// A whole number within a range, or `nil` where the parameter is absent.
    package func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int64(text), range.contains(value) else {
            throw .badParameter(name, detail: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false`; `false` where the parameter is absent.
    package func flag(_ name: String) throws(Problem) -> Bool {
        try value(name, allowed: ["true", "false"], parse: Bool.init(_:)) ?? false
    }

    static func unknownValue(_ value: String, of name: String, allowed: [String]) -> Problem {
        .badParameter(
            name, detail: "\"\(value.prefix(64))\" is not one of \(allowed.joined(separator: ", "))", allowed: allowed)
    }

    /// Percent-decoding (and `+` as a space, as forms send it); `nil` for bad escapes and invalid UTF-8.
    static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var input = text.utf8.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = input.next().flatMap(Hexadecimal.value(ofDigit:)),
                    let low = input.next().flatMap(Hexadecimal.value(ofDigit:))
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
