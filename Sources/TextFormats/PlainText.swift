extension Unicode.Scalar {
    /// Whether the scalar doesn't print or reorders what does: control characters and explicit bidirectional marks.
    package var isUnprintable: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}

extension String {
    /// The start of a text from outside, short and without control characters, for a message.
    package var excerpt: String {
        let limit = 40
        let shown = unicodeScalars.prefix(limit).map { $0.isUnprintable ? "\u{FFFD}" : Character($0) }
        return String(shown) + (unicodeScalars.count > limit ? "…" : "")
    }

    /// Whether the text is safe to show on one line: without control characters, line ends and explicit bidirectional
    /// marks.
    package var isOneLine: Bool { !unicodeScalars.contains(where: \.isUnprintable) }
}
