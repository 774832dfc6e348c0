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
        var entry: SpooledBatch
        var place: RecordPlace
        var status: Status
    }

    /// Batches that have still to be shipped.
    private(set) var backlog = Spool.Backlog()
    /// No batch before this index has still to be shipped.
    private var firstUnshippedIndex = 0

    /// In ascending order of spool sequences.
    private(set) var batches: [Batch] = []
    private(set) var progress = Progress()
    private(set) var epoch: EpochPosition?

    mutating func apply(_ record: SpoolRecord, at place: RecordPlace) {
        switch record {
        case .batch(let progress, let entry):
            advance(to: progress)
            insert(Batch(entry: entry, place: place, status: .unshipped))
        case .acknowledged(let progress, let acknowledgement):
            advance(to: progress)
            if let index = index(of: progress.spoolSequence) { acknowledge(index, acknowledgement) }
            if case .counted(let epoch, let sequence) = acknowledgement {
                advance(to: EpochPosition(epoch: epoch, nextSequence: sequence + 1))
            }
        case .epoch(let position):
            advance(to: position)
        case .state(let progress, let position):
            advance(to: progress)
            if position.epoch > 0 { advance(to: position) }
        }
    }

    func batch(_ spoolSequence: UInt64) -> Batch? {
        index(of: spoolSequence).map { batches[$0] }
    }

    /// Whether no batch in the segment has still to be shipped.
    func isAcknowledged(segment: UInt64) -> Bool {
        !batches.contains { $0.place.segment == segment && $0.status == .unshipped }
    }

    mutating func forget(segment: UInt64) {
        batches.removeAll { $0.place.segment == segment }
        recount()
    }

    /// The oldest batch that has still to be shipped.
    var oldestUnshipped: Batch? { firstUnshippedIndex < batches.count ? batches[firstUnshippedIndex] : nil }

    private mutating func acknowledge(_ index: Int, _ acknowledgement: Acknowledgement) {
        if batches[index].status == .unshipped {
            backlog.batchCount -= 1
            backlog.byteCount -= batches[index].entry.byteCount
        }
        batches[index].status = acknowledgement == .refused ? .refused : .archived
        passAcknowledged()
    }

    /// Acknowledgements come in the order of spool sequences but for a few, so each batch is passed about once.
    private mutating func passAcknowledged() {
        while firstUnshippedIndex < batches.count, batches[firstUnshippedIndex].status != .unshipped {
            firstUnshippedIndex += 1
        }
        backlog.oldestAppendedAtMilliseconds = oldestUnshipped?.entry.appendedAtMilliseconds
    }

    private mutating func recount() {
        let unshipped = batches.lazy.filter { $0.status == .unshipped }
        backlog.batchCount = unshipped.count
        backlog.byteCount = unshipped.reduce(0) { $0 + $1.entry.byteCount }
        firstUnshippedIndex = 0
        passAcknowledged()
    }

    private mutating func insert(_ batch: Batch) {
        let index = lowerBound(batch.entry.spoolSequence)
        if index < batches.count, batches[index].entry.spoolSequence == batch.entry.spoolSequence { return }
        batches.insert(batch, at: index)
        backlog.batchCount += 1
        backlog.byteCount += batch.entry.byteCount
        firstUnshippedIndex = min(firstUnshippedIndex, index)
        passAcknowledged()
    }

    private mutating func advance(to progress: Progress) {
        let covers = max(self.progress.coversWriteAheadThrough, progress.coversWriteAheadThrough)
        if progress.spoolSequence >= self.progress.spoolSequence { self.progress = progress }
        self.progress.coversWriteAheadThrough = covers
    }

    private mutating func advance(to position: EpochPosition) {
        guard let epoch else { return self.epoch = position }
        if position.epoch > epoch.epoch || (position.epoch == epoch.epoch && position.nextSequence > epoch.nextSequence)
        {
            self.epoch = position
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
