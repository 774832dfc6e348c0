internal import Spool

extension FileFollower {
    /// The most directories that are looked into for one that can't be read, for each part of a glob.
    private static let maxDirectoriesAsked = 100

    /// What keeps each source's files from being read, at most one for a reason. Looks at directories: for now and
    /// then, not for every turn.
    package mutating func problems() -> [SourceProblem] {
        guard hasScanned else { return [] }
        forgetWaitingThatAreGone()
        return sources.flatMap { problems(of: $0) }
    }

    private func problems(of source: FollowedSource) -> [SourceProblem] {
        var found = exports.problems(of: source)
        let own = followed.values.filter { $0.source.name == source.name }
        if let broken = own.filter({ $0.isUnreadable || $0.hasFailed }).map(\.path).min() {
            found.append(SourceProblem(source: source.name, reason: .notReadable, detail: broken))
        }
        if let held = own.filter({ $0.hold == .rewritten }).map(\.path).min() {
            found.append(SourceProblem(source: source.name, reason: .rewritten, detail: held))
        }
        let waiting = waiting.filter { $0.value.source == source.name }.sorted { $0.key < $1.key }
        for reason in [SourceProblem.Reason.notReadable, .tooManyFiles, .rewritten] {
            let those = waiting.filter { $0.value.reason == reason }
            guard let first = those.first, !found.contains(where: { $0.reason == reason }) else { continue }
            let others = those.count > 1 ? " and \(those.count - 1) more" : ""
            found.append(
                SourceProblem(
                    source: source.name, reason: reason, detail: "\(first.key)\(others): \(first.value.detail)"))
        }
        guard waiting.isEmpty, own.allSatisfy(\.isDetached), !exports.follows(source) else { return found }
        if let error = source.globs.lazy.compactMap(unreadableDirectory).first {
            found.append(SourceProblem(source: source.name, reason: .notReadable, detail: "\(error)"))
        } else {
            found.append(
                SourceProblem(source: source.name, reason: .noFiles, detail: source.globs.joined(separator: ", ")))
        }
        return found
    }

    /// Why a directory that a glob leads through can't be looked into; `nil` where all can, or aren't there.
    private func unreadableDirectory(of glob: String) -> FileSystemError? {
        let parts = glob.split(separator: "/", omittingEmptySubsequences: false)
        for count in parts.indices.dropFirst() {
            let pattern = parts[..<count].joined(separator: "/")
            let isLiteral = !pattern.contains { "*?[{~".contains($0) }
            let directories = isLiteral ? [pattern.isEmpty ? "/" : pattern] : fileSystem.paths(matching: pattern)
            for directory in directories.prefix(Self.maxDirectoriesAsked) {
                do throws(FileSystemError) {
                    // A directory on the way need only be entered; the last one is listed.
                    if count == parts.count - 1 || !isLiteral {
                        _ = try fileSystem.entries(directory)
                    } else {
                        _ = try fileSystem.status(directory)
                    }
                } catch {
                    if error.isForbidden { return error }
                }
            }
        }
        return nil
    }

    /// A file that couldn't be followed and isn't there any more is no problem any more.
    private mutating func forgetWaitingThatAreGone() {
        for path in waiting.keys {
            do throws(FileSystemError) {
                _ = try fileSystem.status(path)
            } catch {
                if error.isNotFound { waiting[path] = nil }
            }
        }
    }
}
