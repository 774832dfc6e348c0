/// A media type that answers are made in.
package enum AnswerFormat: String, Sendable, CaseIterable {
    case json = "application/json"
    case csv = "text/csv"

    /// The value of Content-Type.
    package var contentType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }
}

/// Content negotiation by the Accept header (RFC 9110, section 12.5.1).
package enum Accept {
    /// The best of `offered` under the header, or `nil` (406) where none is acceptable. Without a header it is the
    /// first.
    ///
    /// A more specific range decides over a wider one for the same type; of equal weights the earlier offer wins.
    package static func choose(_ header: String?, from offered: [AnswerFormat] = AnswerFormat.allCases)
        -> AnswerFormat?
    {
        guard let header, !header.isEmpty else { return offered.first }
        let ranges = header.split(separator: ",").prefix(32).compactMap { range(String($0)) }
        if ranges.isEmpty { return nil }
        var best: (format: AnswerFormat, weight: Int)?
        for format in offered {
            let weight = weight(of: format, in: ranges)
            if weight > 0, weight > best?.weight ?? 0 { best = (format, weight) }
        }
        return best?.format
    }

    private struct Range {
        var type: String
        var subtype: String
        /// 0 to 1000.
        var weight: Int

        func specificity(for format: AnswerFormat) -> Int? {
            let parts = format.rawValue.split(separator: "/")
            if type == "*", subtype == "*" { return 0 }
            if type == parts[0], subtype == "*" { return 1 }
            return type == parts[0] && subtype == parts[1] ? 2 : nil
        }
    }

    private static func weight(of format: AnswerFormat, in ranges: [Range]) -> Int {
        var best: (specificity: Int, weight: Int) = (-1, 0)
        for range in ranges {
            guard let specificity = range.specificity(for: format) else { continue }
            if specificity > best.specificity { best = (specificity, range.weight) }
        }
        return best.weight
    }

    private static func range(_ text: String) -> Range? {
        let parts = text.split(separator: ";").map { trim($0).lowercased() }
        guard let first = parts.first else { return nil }
        let names = first.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        var weight = 1_000
        for parameter in parts.dropFirst() where parameter.hasPrefix("q=") {
            guard let parsed = thousandths(parameter.dropFirst(2)) else { return nil }
            weight = parsed
        }
        return Range(type: names[0], subtype: names[1], weight: weight)
    }

    /// `0`, `0.5`, `1.000` as thousandths.
    private static func thousandths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int(parts[0]), whole == 0 || whole == 1 else { return nil }
        guard parts.count == 2 else { return whole * 1_000 }
        let fraction = parts[1]
        guard fraction.utf8.count <= 3, fraction.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        let padded = fraction + String(repeating: "0", count: 3 - fraction.utf8.count)
        let value = whole * 1_000 + (Int(padded) ?? 0)
        return value <= 1_000 ? value : nil
    }

    private static func trim(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
