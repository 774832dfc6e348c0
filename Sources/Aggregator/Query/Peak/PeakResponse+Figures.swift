internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension PeakResponse {
    /// The highest minutes.
    ///
    /// - Parameters:
    ///   - userRate: tokens a minute that one user needs; `nil` where nobody asked.
    ///   - zone: the reporting calendar's.
    init(_ period: Period, subject: PeakSubject, userRate: UInt128?, answer: PeakAnswer, zone: ZoneRules) {
        self.init()
        self.period = TimeSpan(period, in: zone)
        by = subject.rawValue
        self.userRate = userRate.map { Count($0) }
        position = Int(clamping: answer.position)
        rows = answer.rows.enumerated().map { place, row in
            PeakRow {
                $0.rank = place + 1
                $0.provider = row.provider
                $0.names = row.name.map { [NamedText(subject.rawValue, $0)] } ?? []
                $0.minute = Moment(second: row.start, in: zone)
                // How many users the minute's tokens are enough for, rounded down.
                $0.users = userRate.map { Count(max(0, row.counts.total).magnitude / $0) }
                $0.counts = UsageCounts(
                    row.counts, overLimitTokens: row.overLimitTokens, estimatedTokens: row.estimatedTokens)
            }
        }
    }
}
