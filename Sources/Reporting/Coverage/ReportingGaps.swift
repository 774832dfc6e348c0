package import Scopes

/// When something that should report didn't: the gaps between what it reported, in minutes since 1970-01-01T00:00Z.
package struct ReportingGaps: Sendable, Hashable {
    /// The time that is looked at.
    package let window: Range<Int64>
    /// The gaps that are longer than the threshold, in order.
    package let spans: [Range<Int64>]

    /// The minutes of a period that have passed: those that haven't come yet aren't silent.
    ///
    /// - Parameters:
    ///   - period: in minutes since 1970-01-01T00:00Z.
    ///   - now: the minute that it is.
    package static func window(of period: Range<Int64>, now: Int64) -> Range<Int64> {
        period.lowerBound..<max(period.lowerBound, min(period.upperBound, now))
    }

    /// - Parameters:
    ///   - window: what is looked at, in minutes; it may be empty.
    ///   - reported: spans of minutes that were reported, in any order; they may overlap and reach beyond the window.
    ///   - threshold: how many minutes without a report are still no silence.
    /// - Complexity: O(*n* log *n*).
    package init(in window: Range<Int64>, reported: [Range<Int64>], threshold: Int64) {
        precondition(threshold >= 0, "a threshold of \(threshold) minutes")
        self.window = window
        var gaps: [Range<Int64>] = []
        var end = window.lowerBound
        func addGap(until start: Int64) {
            let gap = end..<max(end, min(start, window.upperBound))
            if gap.count > threshold { gaps.append(gap) }
        }
        for span in reported.sorted(by: { $0.lowerBound < $1.lowerBound }) where span.overlaps(window) {
            addGap(until: span.lowerBound)
            end = max(end, span.upperBound)
        }
        addGap(until: window.upperBound)
        spans = gaps
    }

    /// The minutes of all spans together.
    package var silentMinutes: Int64 { spans.reduce(0) { $0 + Int64($1.count) } }

    /// Which part of the window was reported: all of it but the silent spans.
    package var reported: Share {
        Share(
            numerator: Int128(Int64(window.count) - silentMinutes), denominator: Int128(window.count))
    }
}
