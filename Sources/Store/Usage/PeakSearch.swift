internal import BatchFormat
internal import UsageModel

/// The minute of a provider, tenant or model with the most tokens.
struct Peak {
    struct Subject: Hashable {
        var provider: Int16
        /// Of the tenant or model; 0 for the provider itself.
        var id: Int64
    }

    var subject: Subject
    /// Since 1970: the earliest of equally high ones.
    var minute: Int64
    var counts: SignedTokenCounts
    /// Of its tokens those that are somebody's estimate.
    var estimatedTokens: Int128 = 0

    /// Input plus output.
    var tokens: Int128 { counts.input + counts.output }

    func isHigher(than other: Peak) -> Bool { (tokens, other.minute) > (other.tokens, minute) }
}

/// Finds the highest minute of each subject. A minute of a subject may be in several segments and in batches that wait:
/// an hour's are added up before they are compared, chunk of tenants by chunk.
struct PeakSearch {
    private let subject: PeakSubject
    /// Since 1970.
    private let minutes: Range<Int64>
    /// Only these models; `nil` for all, and for what isn't asked by model.
    var models: Set<Int32>?
    private var best: [Peak.Subject: Peak] = [:]

    /// What is added up before it is compared.
    private struct Place: Hashable {
        var hour: Int64
        var provider: Int16
        var chunk: Int32
    }

    /// - Parameter seconds: since 1970; minutes count that begin within.
    init(_ subject: PeakSubject, in seconds: Range<Int64>) {
        self.subject = subject
        minutes = (seconds.lowerBound + 59).flooredDivision(by: 60)..<(seconds.upperBound + 59).flooredDivision(by: 60)
    }

    mutating func run(_ reading: DetailReading, _ detail: DetailReader) throws {
        if reading.providers?.isEmpty == true || reading.tenants?.isEmpty == true { return }
        var waiting = try waiting(reading, detail)
        let tenants = reading.tenants?.sorted()
        var place: Place?
        var segments: [SegmentReader] = []
        func compare(_ search: inout PeakSearch) throws {
            guard let place else { return }
            search.add(segments, of: place, tenants, waiting: waiting.removeValue(forKey: place) ?? [])
        }
        try detail.forEachSegment(of: reading) { segment in
            let own = Place(
                hour: segment.header.hour, provider: segment.header.provider, chunk: segment.header.chunk)
            if own != place {
                try compare(&self)
                (place, segments) = (own, [])
            }
            segments.append(segment)
        }
        try compare(&self)
        for (place, rows) in waiting { add([], of: place, tenants, waiting: rows) }
        try detail.session.rowBudget?.hold(rows: best.count)
    }

    /// What waits, by hour and chunk of tenants, as rows of segments.
    private func waiting(_ reading: DetailReading, _ detail: DetailReader) throws -> [Place: [SegmentRow]] {
        var reading = reading
        reading.source = .waiting
        reading.parts =
            switch subject {
            case .provider: [.minute, .estimated]
            case .tenant: [.tenant, .minute, .estimated]
            case .model: [.model, .minute, .estimated]
            }
        var waiting: [Place: [SegmentRow]] = [:]
        try detail.sums(of: reading).forEach { own, row in
            let place = Place(
                hour: own.second.flooredDivision(by: 3_600), provider: own.provider,
                chunk: SegmentBounds.chunk(of: row.key.tenant))
            waiting[place, default: []].append(row)
        }
        return waiting
    }

    private mutating func add(
        _ segments: [SegmentReader], of place: Place, _ tenants: [Int64]?, waiting: [SegmentRow]
    ) {
        func forEach(_ body: (SegmentRow) -> Void) {
            for segment in segments {
                let spans = tenants.map { $0.map { segment.rows(ofTenants: $0...$0) } } ?? [segment.rows]
                for span in spans { segment.forEach(span, body) }
            }
        }
        // No key stands twice in one range's segments, and no minute where nothing is estimated.
        let isOnce =
            Set(segments.map(\.header.lastPosition)).count <= 1 && waiting.isEmpty
            && !segments.contains(where: \.hasEstimates)
        var peak: Peak?
        if isOnce {
            forEach { compare($0, estimated: 0, of: place, &peak) }
        } else {
            var (sums, estimates) = (SegmentSums(), [SegmentKey: Int128]())
            func add(_ row: SegmentRow) {
                sums.add(row.key.unflagged, row.counts)
                if row.key.isEstimated { estimates[row.key.unflagged, default: 0] += row.counts.total }
            }
            forEach(add)
            waiting.forEach(add)
            for row in sums.sorted() { compare(row, estimated: estimates[row.key] ?? 0, of: place, &peak) }
        }
        if let peak { keep(peak) }
    }

    /// Rows of one subject stand together.
    private mutating func compare(
        _ row: SegmentRow, estimated tokens: Int128, of place: Place, _ peak: inout Peak?
    ) {
        let minute = place.hour * 60 + Int64(row.key.minute)
        guard minutes.contains(minute), models?.contains(row.key.model) ?? true else { return }
        let id =
            switch subject {
            case .provider: Int64(0)
            case .tenant: row.key.tenant
            case .model: Int64(row.key.model)
            }
        let own = Peak(
            subject: Peak.Subject(provider: place.provider, id: id), minute: minute, counts: row.counts,
            estimatedTokens: tokens)
        guard let last = peak, last.subject == own.subject else {
            if let peak { keep(peak) }
            peak = own
            return
        }
        if own.isHigher(than: last) { peak = own }
    }

    private mutating func keep(_ peak: Peak) {
        if let kept = best[peak.subject], !peak.isHigher(than: kept) { return }
        best[peak.subject] = peak
    }

    /// The highest, and all that are as high as the last of them.
    func highest(_ count: Int) -> [Peak] {
        let sorted = best.values.sorted { $0.isHigher(than: $1) }
        guard count > 0, count < sorted.count else { return count > 0 ? sorted : [] }
        let last = sorted[count - 1]
        return Array(sorted.prefix { !last.isHigher(than: $0) })
    }
}
