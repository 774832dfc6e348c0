internal import CollectorCore
internal import Logging
internal import Spool
internal import Telemetry

/// Tells log and metrics what became of followed files.
struct FileReport: Sendable {
    let metrics: CollectorMetrics
    let logger: Logger

    func callAsFunction(_ event: FileEvent) {
        switch event {
        case .parsed(let source, let events, let rejected, let ignored, let duplicates, let byteCount):
            metrics.source(source).count(
                events: events, rejected: rejected, ignored: ignored, duplicates: duplicates, bytes: UInt64(byteCount))
        case .following, .startedOver, .moved, .copy, .finished, .letGo: tellCourse(event)
        case .versionCounted(let note): tellVersion(note)
        case .versionHeld(let path, let source, let detail, let remedy):
            metrics.heldVersions.increment()
            logger.error(
                "a version of an export isn't counted; what was counted of the one before it stays",
                [.path: "\(path)", .source: "\(source)", .detail: "\(detail)", .remedy: "\(remedy)"])
        case .held, .rewritten, .lost, .vanished, .cutByPowerFailure: tellUncounted(event)
        case .tooMany, .unopenable, .unreadable, .failed: tellFailure(event)
        }
    }

    private func tellVersion(_ note: ExportNote) {
        metrics.countedVersions.increment()
        metrics.source(note.source).count(
            events: note.events, rejected: note.rejected, ignored: note.ignored, bytes: note.byteCount)
        let details: Logger.Values = [
            .path: "\(note.path)", .source: "\(note.source)", .events: "\(note.events)", .bytes: "\(note.byteCount)",
            .detail: "\(note.countedTokens) tokens counted, \(note.takenBackTokens) taken back",
        ]
        if note.takenBackTokens > note.countedTokens {
            logger.warning("a version of an export counts less than the one before it", details)
        } else if note.isAddition {
            logger.info("a version of an export adds to the one before it", details)
        } else {
            logger.info("a version of an export is counted in the place of the one before it", details)
        }
    }

    /// What is as it should be.
    private func tellCourse(_ event: FileEvent) {
        switch event {
        case .following(let path, let source, let offset):
            logger.info("following a file", [.path: "\(path)", .source: "\(source)", .offset: "\(offset)"])
        case .startedOver(let path, let offset):
            metrics.fileRestarts.increment()
            logger.info(
                "a file was emptied and written anew, or another one lies in its place; it is read from its start",
                [.path: "\(path)", .offset: "\(offset)"])
        case .moved(let path, let from, let offset):
            metrics.movedFiles.increment()
            logger.info(
                "what was read of a file lies in another place; reading goes on there",
                [.path: "\(path)", .detail: "was \(from)", .offset: "\(offset)"])
        case .copy(let path, let original):
            logger.info(
                "a file holds what another one does, which is read",
                [.path: "\(path)", .detail: "the same as \(original)"])
        case .finished(let path, let byteCount):
            logger.info("a compressed file was read to its end", [.path: "\(path)", .bytes: "\(byteCount)"])
        case .letGo(let path): logger.info("a file is gone and no longer followed", [.path: "\(path)"])
        default: break
        }
    }

    /// What isn't counted, so that nothing counts twice or since it is gone.
    private func tellUncounted(_ event: FileEvent) {
        switch event {
        case .held(let path, let byteCount, let offset):
            logger.warning(
                "a file holds less than what was read of it; it waits until it is longer or differs",
                [.path: "\(path)", .bytes: "\(byteCount)", .offset: "\(offset)"])
        case .rewritten(let path, let original, let offset):
            metrics.rewrittenFiles.increment()
            logger.error(
                "a file begins as one that was read and then differs: it isn't read, since records would count twice",
                [
                    .path: "\(path)", .detail: "begins as \(original)", .offset: "\(offset)",
                    .remedy: "\(SourceProblem.Reason.rewritten.remedy)",
                ])
        case .cutByPowerFailure(let path, let offset, let goesOnAt):
            logger.warning(
                "a file lost its end when the machine went down: what was counted of it stays counted, and reading goes on",
                [.path: "\(path)", .offset: "\(goesOnAt)", .detail: "was read to \(offset)"])
        case .lost(let path, _, let byteCount):
            metrics.lostFileBytes.increment(by: byteCount)
            logger.error(
                "a file was removed, moved away or emptied before it was read to its end",
                [
                    .path: "\(path)", .bytes: "\(byteCount)",
                    .remedy: "let log rotation keep the old file in its directory, or name the other one in olddir",
                ])
        case .vanished(let path, let offset):
            metrics.vanishedFiles.increment()
            logger.warning(
                "a file was gone when the collector started; what was written behind the offset, if anything, isn't counted",
                [
                    .path: "\(path)", .offset: "\(offset)",
                    .remedy: "let log rotation keep the old file in its directory, or name the other one in olddir",
                ])
        default: break
        }
    }

    private func tellFailure(_ event: FileEvent) {
        switch event {
        case .tooMany(let path, let limit):
            logger.error(
                "too many files are followed; this one waits until others are gone",
                [.path: "\(path)", .count: "\(limit)", .remedy: "\(SourceProblem.Reason.tooManyFiles.remedy)"])
        case .unopenable(let path, let error):
            metrics.fileErrors.increment()
            logger.error(
                "a file can't be opened; it is tried again",
                [.path: "\(path)", .error: "\(error.text)", .remedy: "let this user read it"])
        case .unreadable(let path, let offset, let error):
            metrics.fileErrors.increment()
            logger.error(
                "a file can't be read; it is tried again, and what came before is counted",
                [.path: "\(path)", .offset: "\(offset)", .error: "\(error)", .remedy: "check the disk that it is on"])
        case .failed(let path, let offset, let detail):
            metrics.fileErrors.increment()
            logger.error(
                "a file can't be read any further; what came before it is counted",
                [
                    .path: "\(path)", .offset: "\(offset)", .detail: "\(detail)",
                    .remedy: "replace the file, or restart to try it again",
                ])
        default: break
        }
    }
}
