/// Texts of what readers of CSV and spreadsheets stumble over: formulas, quotes, separators, line ends, characters that
/// have two spellings or none that is seen.
package enum HostileText {
    private static let scalars: [Unicode.Scalar] = Array(
        "=+-@\t\r\n'\",;  a1\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}\u{00E9}e\u{0301}中\u{1F600}\u{202E}\u{FEFF}".unicodeScalars)

    /// Up to 12 of them.
    package static func random(using random: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            text.append(scalars[Int.random(in: 0..<scalars.count, using: &random)])
        }
        return String(text)
    }
}
