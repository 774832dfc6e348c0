internal import Spool

extension FileFollower {
    /// The directories in which a change may concern a followed file or bring a new one: those that the globs look
    /// into, and those that files lie in.
    package func watchableDirectories() -> Set<String> {
        var directories: Set<String> = []
        for source in sources {
            for glob in source.globs { directories.formUnion(searchedDirectories(of: glob)) }
        }
        for file in followed.values {
            directories.insert(FileIdentification.directory(of: file.path))
            if let real = try? fileSystem.realPath(file.path) {
                directories.insert(FileIdentification.directory(of: real))
            }
        }
        return directories
    }

    /// Where names are looked up that a glob has a pattern for, or its last name.
    private func searchedDirectories(of glob: String) -> [String] {
        let parts = glob.split(separator: "/", omittingEmptySubsequences: false)
        func isPattern(_ text: some StringProtocol) -> Bool { text.contains { "*?[{~".contains($0) } }
        return parts.indices.flatMap { index -> [String] in
            guard index == parts.count - 1 || isPattern(parts[index]) else { return [] }
            let directory = parts[..<index].joined(separator: "/")
            if index == 0 { return ["."] }
            if directory.isEmpty { return ["/"] }
            return isPattern(directory) ? fileSystem.paths(matching: directory) : [directory]
        }
    }
}
