internal import APIModel
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension CoverageResponse {
    /// What was reported of a period.
    ///
    /// - Parameters:
    ///   - window: the minutes of the period that have passed.
    ///   - zone: the reporting calendar's.
    init(
        _ period: Period, window: Range<Int64>, silenceMinutes: Int64, answer: CoverageAnswer, zone: ZoneRules
    ) {
        self.init()
        self.period = TimeSpan(period, in: zone)
        until = Moment(second: window.upperBound * 60, in: zone)
        self.silenceMinutes = Int(silenceMinutes)
        source = answer.source.rawValue
        position = Int(clamping: answer.position)
        func silence(_ reported: [Range<Int64>]) -> Silence {
            Silence(ReportingGaps(in: window, reported: reported, threshold: silenceMinutes), zone: zone)
        }
        providers = answer.providers.map { provider in
            ProviderCoverageRow {
                $0.provider = provider.provider
                $0.minutesWithUsage = provider.minutes
                $0.hoursWithUsage = provider.hours
                $0.daysWithUsage = provider.days
                $0.silence = silence(provider.reported)
                $0.collectors = answer.collectors.filter { $0.provider == provider.provider }.map {
                    CollectorCoverageRow($0, silence: silence($0.reported))
                }
            }
        }
    }
}

extension CollectorCoverageRow {
    fileprivate init(_ collector: CollectorCoverage, silence: Silence) {
        self.init()
        name = collector.collector
        lastSeen = Moment(collector.lastSeen)
        batches = Int(collector.batches)
        firstBatchAt = collector.firstBatchAt.map { Moment($0) }
        lastBatchAt = collector.lastBatchAt.map { Moment($0) }
        pendingBatches = Int(collector.pendingBatches)
        events = Count(collector.events)
        rejections = collector.rejections.sorted { $0.key < $1.key }.map { reason, records in
            RejectedRecords {
                $0.reason = reason
                $0.records = Count(records)
            }
        }
        quarantined = collector.quarantined.sorted { $0.key < $1.key }.map { reason, batches in
            QuarantinedBatches {
                $0.reason = reason
                $0.batches = Int(batches)
            }
        }
        self.silence = silence
    }
}

extension Silence {
    fileprivate init(_ gaps: ReportingGaps, zone: ZoneRules) {
        self.init()
        reportedPercent = gaps.reported.percent(decimals: FigureFormat.coverageDecimals).map { Percent($0) }
        silentMinutes = Int(gaps.silentMinutes)
        silentSpans = gaps.spans.count
        silent = gaps.spans.prefix(Self.maxListed).map { span in
            SilentSpan {
                $0.from = Moment(second: span.lowerBound * 60, in: zone)
                $0.to = Moment(second: span.upperBound * 60, in: zone)
                $0.minutes = span.count
            }
        }
    }
}
