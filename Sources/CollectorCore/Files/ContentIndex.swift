/// What was read of files, by the first event of each: the few that a file which begins with it may be.
struct ContentIndex {
    private struct Key: Hashable {
        var source: String
        var firstEvent: FileFingerprint
    }

    private struct Place: Hashable {
        var source: String
        var path: String
    }

    private var files: [Key: [FileID]] = [:]
    /// Files that were read without an event in them.
    private var eventless: [Place: [FileID]] = [:]
    /// Files of a release that didn't keep the first event, until they are found.
    private var unindexed: [FileID: FileFingerprint] = [:]

    mutating func insert(_ id: FileID, _ checkpoint: FileCheckpoint) {
        guard let firstEvent = checkpoint.firstEvent else {
            guard checkpoint.offset > 0 else { return }
            if checkpoint.tail == nil { unindexed[id] = checkpoint.fingerprint }
            eventless[Place(source: id.source, path: checkpoint.path), default: []].append(id)
            return
        }
        let key = Key(source: id.source, firstEvent: firstEvent)
        if files[key]?.contains(id) != true { files[key, default: []].append(id) }
    }

    mutating func remove(_ id: FileID, _ checkpoint: FileCheckpoint) {
        unindexed[id] = nil
        guard let firstEvent = checkpoint.firstEvent else {
            let place = Place(source: id.source, path: checkpoint.path)
            eventless[place]?.removeAll { $0 == id }
            if eventless[place]?.isEmpty == true { eventless[place] = nil }
            return
        }
        let key = Key(source: id.source, firstEvent: firstEvent)
        files[key]?.removeAll { $0 == id }
        if files[key]?.isEmpty == true { files[key] = nil }
    }

    /// What was read in a place without an event in it.
    func eventlessFiles(of source: String, at path: String) -> [FileID] {
        eventless[Place(source: source, path: path)] ?? []
    }

    /// The files of a source that begin with an event, and those of which that isn't known but that begin as `head`
    /// does.
    func files(of source: String, firstEvent: FileFingerprint, head: [UInt8]) -> [FileID] {
        var found = files[Key(source: source, firstEvent: firstEvent)] ?? []
        guard !unindexed.isEmpty else { return found }
        var heads: [Int: FileFingerprint] = [:]
        for (id, fingerprint) in unindexed where id.source == source && fingerprint.length <= head.count {
            let own = heads[fingerprint.length] ?? FileFingerprint(head.prefix(fingerprint.length))
            heads[fingerprint.length] = own
            if own == fingerprint { found.append(id) }
        }
        return found
    }
}
