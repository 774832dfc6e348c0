internal import UsageModel

/// Where a record stands.
struct RecordPlace: Sendable, Equatable {
    var segment: UInt64
    var offset: UInt64
    var position: UInt64
    var payloadCount: Int
}

/// What the log of batches says, record by record. Recovery and appending apply the same records to it.
struct SpoolState: Sendable, Equatable {
    enum Status: Sendable, Equatable {
        case unshipped
        case archived
        case refused
    }

    struct Batch: Sendable, Equatable {
        var entry: BatchEntry
        var place: RecordPlace
        var status: Status
    }

    /// In ascending order of spool sequences.
    private(set) var batches: [Batch] = []
    private(set) var progress = Progress()
    private(set) var epoch: EpochPosition?

    mutating func apply(_ record: ScannedRecord, at place: RecordPlace) {
        switch record {
        case .batch(let progress, let entry):
            advance(to: progress)
            insert(Batch(entry: entry, place: place, status: .unshipped))
        case .settled(let progress, let how, let epoch, let sequence):
            advance(to: progress)
            if let index = index(of: progress.spoolSequence) {
                batches[index].status = how == .refused ? .refused : .archived
            }
            if how == .counted { advance(to: EpochPosition(epoch: epoch, nextSequence: sequence + 1)) }
        case .epoch(let mark):
            advance(to: mark)
        case .state(let progress, let mark):
            advance(to: progress)
            if mark.epoch > 0 { advance(to: mark) }
        }
    }

    func batch(_ spoolSequence: UInt64) -> Batch? {
        index(of: spoolSequence).map { batches[$0] }
    }

    /// Whether no batch in the segment has still to be shipped.
    func isSettled(segment: UInt64) -> Bool {
        !batches.contains { $0.place.segment == segment && $0.status == .unshipped }
    }

    mutating func forget(segment: UInt64) {
        batches.removeAll { $0.place.segment == segment }
    }

    private mutating func insert(_ batch: Batch) {
        let index = lowerBound(batch.entry.spoolSequence)
        if index < batches.count, batches[index].entry.spoolSequence == batch.entry.spoolSequence { return }
        batches.insert(batch, at: index)
    }

    private mutating func advance(to progress: Progress) {
        let covers = max(self.progress.coversWriteAheadThrough, progress.coversWriteAheadThrough)
        if progress.spoolSequence >= self.progress.spoolSequence { self.progress = progress }
        self.progress.coversWriteAheadThrough = covers
    }

    private mutating func advance(to mark: EpochPosition) {
        guard let epoch else { return self.epoch = mark }
        if mark.epoch > epoch.epoch || (mark.epoch == epoch.epoch && mark.nextSequence > epoch.nextSequence) {
            self.epoch = mark
        }
    }

    private func index(of spoolSequence: UInt64) -> Int? {
        let index = lowerBound(spoolSequence)
        return index < batches.count && batches[index].entry.spoolSequence == spoolSequence ? index : nil
    }

    private func lowerBound(_ spoolSequence: UInt64) -> Int {
        var (low, high) = (0, batches.count)
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].entry.spoolSequence < spoolSequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
