internal import BatchFormat
internal import SourceFormats
internal import Spool
internal import UsageModel

/// A version that was read, with what it takes to count it.
package struct CountedVersion: Sendable {
    var place: ExportPlace
    var checkpoint: ExportCheckpoint
    var change = VersionChange()
    /// Records that are refused now and weren't before.
    var refused: [QuarantineEntry] = []
    /// Refused records beside those, by reason.
    var unkept: [RejectionReason: UInt64] = [:]
    var repairs = UsageRepairCounts()
}

extension ExportFollower {
    /// Reads some of a version, or counts one that was read.
    mutating func step() -> FileFollower.Turn {
        guard !intakeSwitch.isClosed else { return .waits }
        if let version = ready { return count(version) }
        if reading == nil { begin() }
        guard var current = reading.take() else { return .waits }
        do {
            for _ in 0..<FileFollower.chunksPerTurn {
                guard let outcome = try current.readOn(upTo: chunkBytes) else { continue }
                try finish(current, outcome)
                fileSystem.close(current.handle)
                return .read
            }
            reading = current
            return .read
        } catch {
            fileSystem.close(current.handle)
            fail(current.place, look: ExportCheckpoint.Look(current.status), error)
            return .waits
        }
    }

    /// Opens the next version that is due.
    private mutating func begin() {
        let now = steadyClock.nowMilliseconds()
        let due = files.filter { _, file in
            file.done != file.look && now - file.since >= (file.source.exports?.settlesAfter ?? .zero).wholeMilliseconds
        }
        guard let place = due.keys.min(by: { ($0.source, $0.path) < ($1.source, $1.path) }), let file = due[place],
            let parser = file.source.plan?.makeParser()
        else { return }
        guard counted[place] != nil || !isCountedAsGrowing(place) else {
            return hold(place, file.look, for: .countedAsGrowing)
        }
        let millis = wallClock.nowMilliseconds()
        let context = ChunkContext(
            source: place.source, file: place.path, nowMilliseconds: millis,
            window: timeWindow.window(nowMilliseconds: millis), keeping: keeping)
        do {
            let handle = try fileSystem.open(place.path, .follow)
            do {
                let status = try fileSystem.status(handle)
                guard ExportCheckpoint.Look(status) == file.look else {
                    fileSystem.close(handle)
                    return
                }
                reading = try VersionReading(
                    of: place, file.source, parser, handle: handle, status: status, before: counted[place],
                    context: context, fileSystem: fileSystem)
            } catch {
                fileSystem.close(handle)
                throw error
            }
        } catch {
            fail(place, look: file.look, error)
        }
    }

    /// A version couldn't be read: for good, or for now.
    private mutating func fail(_ place: ExportPlace, look: ExportCheckpoint.Look, _ error: any Error) {
        if let error = error as? DecompressionError {
            // A file that is written while it is read breaks off anywhere.
            guard let status = try? fileSystem.status(place.path), ExportCheckpoint.Look(status) == look else {
                waitAgain(place)
                return
            }
            return hold(place, look, for: .damaged(error.description))
        }
        if files[place]?.isUnreadable == false { report(.unreadable(path: place.path, offset: 0, error)) }
        files[place]?.isUnreadable = true
        waitAgain(place)
    }

    /// Has a file settle once more.
    private mutating func waitAgain(_ place: ExportPlace) {
        let now = steadyClock.nowMilliseconds()
        files[place]?.since = now
    }

    private mutating func hold(_ place: ExportPlace, _ look: ExportCheckpoint.Look, for fault: ExportFault) {
        files[place]?.done = look
        files[place]?.isUnreadable = false
        files[place]?.fault = fault
        report(.versionHeld(path: place.path, source: place.source, detail: fault.text, remedy: fault.remedy))
    }

    /// The end of a version was reached: unless the file was changed meanwhile, it takes the place of the one before.
    private mutating func finish(_ read: VersionReading, _ outcome: VersionReading.Outcome) throws {
        let place = read.place
        let look = ExportCheckpoint.Look(read.status)
        guard ExportCheckpoint.Look(try fileSystem.status(read.handle)) == look,
            ExportCheckpoint.Look(try fileSystem.status(place.path)) == look
        else {
            waitAgain(place)
            return
        }
        files[place]?.isUnreadable = false
        if case .unchanged = outcome.kind, var checkpoint = read.before {
            checkpoint.look = look
            set(checkpoint, for: place)
            files[place]?.done = look
            files[place]?.fault = nil
            return
        }
        if try isCopy(outcome, at: place, look: look) { return }
        do throws(VersionStore.Failure) {
            let old = try read.before.map { checkpoint throws(VersionStore.Failure) in
                try store.read(checkpoint.number)
            }
            if let fault = try replace(read, outcome, old: old ?? VersionSums()) { hold(place, look, for: fault) }
        } catch {
            switch error {
            case .damaged(let detail): hold(place, look, for: .unknownBefore(detail))
            case .unreadable(let error): throw error
            }
        }
    }

    /// Whether another export holds the same bytes, or held them.
    private mutating func isCopy(
        _ outcome: VersionReading.Outcome, at place: ExportPlace, look: ExportCheckpoint.Look
    ) throws -> Bool {
        guard outcome.byteCount > 0 else { return false }
        let others = counted.filter { $0.key.source == place.source && $0.key != place }
            .sorted { $0.key.path < $1.key.path }
        let short = ExportCheckpoint.short(outcome.digest)
        if let (other, checkpoint) = others.first(where: { $0.value.digest == outcome.digest }) {
            if counted[place] != nil {
                hold(place, look, for: .sameAs(other.path))
                return true
            }
            if files[other] == nil, isGone(other.path) {
                move(checkpoint, from: other, to: place, look)
            } else {
                noteCopy(of: other, outcome.digest, at: place, look: look)
            }
            return true
        }
        guard counted[place] == nil, let (other, _) = others.first(where: { $0.value.former.contains(short) }) else {
            return false
        }
        noteCopy(of: other, outcome.digest, at: place, look: look)
        return true
    }

    func isGone(_ path: String) -> Bool {
        do throws(FileSystemError) {
            _ = try fileSystem.status(path)
            return false
        } catch {
            return error.isNotFound
        }
    }

    private mutating func noteCopy(
        of original: ExportPlace, _ digest: [UInt8], at place: ExportPlace, look: ExportCheckpoint.Look
    ) {
        if files[place]?.original?.path != original.path { report(.copy(path: place.path, original: original.path)) }
        files[place]?.original = Original(path: original.path, digest: digest)
        files[place]?.done = look
        files[place]?.fault = nil
    }

    /// An export lies in another place now.
    mutating func move(
        _ checkpoint: ExportCheckpoint, from old: ExportPlace, to place: ExportPlace, _ look: ExportCheckpoint.Look
    ) {
        var moved = checkpoint
        moved.look = look
        moved.goneAtMilliseconds = nil
        counted[old] = nil
        counted[place] = moved
        accumulator.moveExport(from: old, to: place, moved)
        files[place]?.done = look
        files[place]?.fault = nil
        files[place]?.original = nil
        report(.moved(path: place.path, from: old.path, offset: checkpoint.byteCount))
    }

    // MARK: Putting one version in the place of another

    /// What keeps a version from taking the place of the one before, whose usage would go with it.
    private func fault(
        _ read: VersionReading, _ outcome: VersionReading.Outcome, old: VersionSums
    ) -> ExportFault? {
        let builder = read.builder
        if builder.isTooLarge { return .tooLarge }
        guard let before = read.before, !old.rows.rows.isEmpty else { return nil }
        if outcome.isCut { return .cut }
        guard case .whole = outcome.kind else { return nil }
        if before.endsWithLine, !outcome.endsWithLine, outcome.byteCount > 0 { return .cut }
        let refused = builder.refusedCount - builder.tooOldCount
        if refused > builder.acceptedCount {
            return .mostlyRefused(
                refused: refused, accepted: builder.acceptedCount, first: builder.firstRefusal)
        }
        return builder.acceptedCount == 0 ? .empty : nil
    }

    /// Makes ready what it takes to count a version.
    ///
    /// - Returns: why it can't be counted.
    private mutating func replace(
        _ read: VersionReading, _ outcome: VersionReading.Outcome, old: VersionSums
    ) throws(VersionStore.Failure) -> ExportFault? {
        if let fault = fault(read, outcome, old: old) { return fault }
        let builder = read.builder
        let new = builder.finished()
        var sums: VersionSums?
        var change: VersionChange
        var closedThrough = read.before?.closedThrough
        if let closed = closedThrough, let minutes = new.rows.minutes, minutes.lowerBound <= closed {
            return .closedPeriod
        }
        if case .added = outcome.kind {
            change = new.change(from: VersionSums())
            sums = old.merged(with: new, refused: old.refused + new.refused)
        } else {
            var replaced = old
            if isNextPeriod(new, after: old) {
                switch read.source.exports?.nextPeriod ?? .hold {
                case .hold: return .anotherPeriod
                case .replace: break
                case .count:
                    closedThrough = old.rows.minutes?.upperBound
                    replaced = VersionSums()
                }
            }
            // What has come to lie further back than is counted is settled: it isn't read any more, so it stays.
            let first = builder.context.window.first
            let settled = replaced.filtered { $0.minute < first }
            change = new.change(from: settled.events.isEmpty ? replaced : replaced.filtered { $0.minute >= first })
            sums = new.merged(with: settled, refused: new.refused)
        }
        guard let sums, change.fitsBatch else { return .tooLarge }
        let successor = Successor(
            sums: sums, change: change, refused: builder.newRefusals(since: old), closedThrough: closedThrough)
        try makeReady(read, outcome, for: successor)
        return nil
    }

    /// What counts in the place of a version.
    private struct Successor {
        var sums: VersionSums
        var change: VersionChange
        var refused: [QuarantineEntry]
        var closedThrough: Int64?
    }

    private mutating func makeReady(
        _ read: VersionReading, _ outcome: VersionReading.Outcome, for successor: Successor
    ) throws(VersionStore.Failure) {
        let (change, refused) = (successor.change, successor.refused)
        lastNumber += 1
        do {
            try store.write(successor.sums, number: lastNumber)
        } catch let error as FileSystemError {
            // Nothing names the file that may be there in part: the next attempt writes over it.
            lastNumber -= 1
            throw .unreadable(error)
        } catch {
            preconditionFailure("the sums of \(read.place.path) can't be written: \(error)")
        }
        let builder = read.builder
        var checkpoint = ExportCheckpoint(
            number: lastNumber, digest: outcome.digest, byteCount: outcome.byteCount, end: outcome.end,
            endsWithLine: outcome.endsWithLine, refusedCount: builder.refusedCount - builder.tooOldCount,
            look: ExportCheckpoint.Look(read.status))
        checkpoint.closedThrough = successor.closedThrough
        if let before = read.before {
            let former = before.former.filter { $0 != ExportCheckpoint.short(outcome.digest) }
            checkpoint.former = (former + [ExportCheckpoint.short(before.digest)]).suffix(Self.maxFormer)
        }
        ready = CountedVersion(
            place: read.place, checkpoint: checkpoint, change: change, refused: refused, unkept: builder.unkept,
            repairs: builder.repairs)
        var note = ExportNote(path: read.place.path, source: read.place.source)
        note.events = change.countedEvents
        note.rejected = UInt64(refused.count) + builder.unkept.values.reduce(0, +)
        note.ignored = builder.ignored
        note.byteCount = outcome.byteCount
        if case .added = outcome.kind { note.isAddition = true }
        note.countedTokens = change.counted.total
        note.takenBackTokens = change.takenBack.total
        readyNote = note
    }

    private func isNextPeriod(_ new: VersionSums, after old: VersionSums) -> Bool {
        guard let new = new.rows.minutes, let old = old.rows.minutes else { return false }
        return new.lowerBound > old.upperBound && new.lowerBound - old.lowerBound >= Self.minPeriodMinutes
    }

    /// Counts a version: its rows, what it takes back and its checkpoint, in one step.
    private mutating func count(_ version: CountedVersion) -> FileFollower.Turn {
        guard accumulator.add(version) else { return .full }
        ready = nil
        if let before = counted[version.place] { obsolete.append((before.number, version.place)) }
        counted[version.place] = version.checkpoint
        files[version.place]?.done = version.checkpoint.look
        files[version.place]?.fault = nil
        files[version.place]?.original = nil
        if let note = readyNote.take() { report(.versionCounted(note)) }
        return .read
    }
}
