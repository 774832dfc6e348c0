extension ZoneRules {
    /// Whether its days always start on a whole hour of UTC, so that hour sums give day sums.
    package var hasWholeHours: Bool {
        initialOffsetSeconds % 3_600 == 0
            && transitions.allSatisfy { $0.offsetSeconds % 3_600 == 0 && $0.fromSecond % 3_600 == 0 }
    }

    /// The same for the moments from `from` to `to` (seconds) only.
    package func hasWholeHours(from: Int64, to: Int64) -> Bool {
        offset(atSecond: from) % 3_600 == 0
            && transitions.allSatisfy {
                $0.fromSecond <= from || $0.fromSecond > to
                    || ($0.offsetSeconds % 3_600 == 0 && $0.fromSecond % 3_600 == 0)
            }
    }
}
