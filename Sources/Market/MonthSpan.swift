internal import Scopes
internal import TextFormats
internal import UsageModel

/// A value that stands for some months of a market's period, such as `2025-H1: 264_056_400_000_000`.
struct MonthSpan<Value> {
    /// Which months of the period, counted from 0.
    var months: Range<Int>
    var value: Value
}

extension YAMLReader {
    /// The values that stand under spans of whole months, which lie in the period and don't overlap; all the map's keys
    /// must be spans, but those named in `except`.
    ///
    /// - Parameters:
    ///   - months: the period's months.
    ///   - read: reads the value under a key.
    mutating func spans<Value>(
        of months: [Period], except: [String] = [], _ read: (inout YAMLReader, String) -> Value?
    ) -> [MonthSpan<Value>] {
        var spans: [MonthSpan<Value>] = []
        for key in keys where !except.contains(key) {
            guard let value = read(&self, key), let range = span(key, of: months) else { continue }
            if spans.contains(where: { $0.months.overlaps(range) }) {
                report(key, "a month of it stands under another key as well")
            } else {
                spans.append(MonthSpan(months: range, value: value))
            }
        }
        return spans
    }

    /// Which months of the period a key names.
    private mutating func span(_ key: String, of months: [Period]) -> Range<Int>? {
        guard !months.isEmpty else { return nil }
        do throws(PeriodError) {
            let period = try Period(key)
            let first = months.firstIndex { $0.from == period.from }
            let last = months.firstIndex { $0.to == period.to }
            if let first, let last { return first..<(last + 1) }
            report(key, "must be whole months of the market's period")
        } catch {
            report(key, "\(error)")
        }
        return nil
    }
}

extension Array {
    /// Divides what stands for each span among its months by their weights; months in no span get nothing.
    ///
    /// - Parameter weights: one weight per month of the period.
    /// - Returns: one amount per month, or `nil` where all weights of a span with an amount are zero: then it has
    ///   nowhere to go.
    func divided(amongMonths weights: [UInt64]) -> [UInt128]? where Element == MonthSpan<UInt128> {
        var amounts = [UInt128](repeating: 0, count: weights.count)
        for span in self where span.value > 0 {
            let inside = weights[span.months].map { UInt128($0) }
            guard inside.contains(where: { $0 > 0 }) else { return nil }
            amounts.replaceSubrange(
                span.months, with: Apportionment.largestRemainder(of: span.value, weights: inside))
        }
        return amounts
    }
}
