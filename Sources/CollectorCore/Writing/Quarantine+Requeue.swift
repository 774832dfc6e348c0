internal import BatchFormat
internal import Spool

extension Quarantine {
    /// Some records of one file on their way out of the quarantine, because they are counted.
    ///
    /// What is left of the file is written beside it, under a name that bears a number at random. The write-ahead
    /// record that counts the others bears the same number, as one more fingerprint; once it is durable the new file
    /// takes the old one's place. So a start after a crash at any point knows by the record whether to finish or to
    /// forget: the records stand in the quarantine or are counted, never both and never neither.
    struct Requeue: Equatable {
        private static let infix = ".requeue-"

        /// The file that they leave.
        var name: String
        /// In the name of the new file and in the write-ahead record.
        var number: UInt128
        /// Whether the records are known to be counted.
        var isCounted = false

        /// The name of the file with what is left.
        var fileName: String { "\(name)\(Self.infix)\(String(number, radix: 16))" }

        init(of name: String) {
            self.name = name
            number = UInt128.random(in: .min ... .max)
        }

        /// `nil` for the name of any other file.
        init?(fileName: String) {
            guard let found = fileName.firstRange(of: Self.infix),
                let number = UInt128(fileName[found.upperBound...], radix: 16)
            else { return nil }
            name = String(fileName[..<found.lowerBound])
            self.number = number
        }
    }

    /// Files whose records may be read again, oldest first: not those of batches that aren't durable yet.
    func requeueable(before nextSpoolSequence: UInt64) -> [String] {
        kept.map(\.name).filter { name in
            Self.number(name, after: "batch-").map { $0 < nextSpoolSequence } ?? true
        }
    }

    /// A file's lines as they stand there.
    func read(_ name: String) throws(FileSystemError) -> [UInt8] {
        let file = try fileSystem.open("\(directory)/\(name)", .read)
        defer { fileSystem.close(file) }
        var bytes: [UInt8] = []
        let size = Int(try fileSystem.size(file))
        let count = try fileSystem.readAll(file, at: 0, count: size, into: &bytes)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Writes what will be left of a file, durably, beside it.
    ///
    /// - Returns: the number for the write-ahead record.
    mutating func beginRequeue(of name: String, leaving rest: [UInt8]) throws(FileSystemError) -> UInt128 {
        // Nothing is added any more to a file that is about to be replaced.
        if name == Self.name(ofPushed: nextPushed) { nextPushed += 1 }
        let requeue = Requeue(of: name)
        try write(rest, to: "\(directory)/\(requeue.fileName)", isDurable: true, replacing: true)
        requeues.append(requeue)
        return requeue.number
    }

    /// Whether a file waits for the end of an earlier requeue, whose outcome the next start finds out.
    func isBeingRequeued(_ name: String) -> Bool { requeues.contains { $0.name == name } }

    /// The records are counted, and durably so: they leave.
    mutating func finishRequeue(_ number: UInt128) throws(FileSystemError) {
        for index in requeues.indices where requeues[index].number == number { requeues[index].isCounted = true }
        try completeRequeues()
    }

    /// Nothing was counted, and nothing will be.
    mutating func abandonRequeue(_ number: UInt128) {
        guard let index = requeues.firstIndex(where: { $0.number == number }) else { return }
        // One that stays is forgotten by the next start, which finds no record with its number.
        try? fileSystem.remove("\(directory)/\(requeues[index].fileName)")
        requeues.remove(at: index)
    }

    /// Does what is left to do for records that are counted.
    mutating func completeRequeues() throws(FileSystemError) {
        while let index = requeues.firstIndex(where: \.isCounted) {
            try replace(requeues[index])
            requeues.remove(at: index)
            note(.holds(byteCount: bytes))
        }
    }

    /// Puts what is left of a file in its place, or takes the file away where nothing is. Goes on where it failed before.
    private mutating func replace(_ requeue: Requeue) throws(FileSystemError) {
        let path = "\(directory)/\(requeue.name)"
        do throws(FileSystemError) {
            let rest = try read(requeue.fileName)
            try fileSystem.rename("\(directory)/\(requeue.fileName)", to: path)
            if rest.isEmpty { kept.removeAll { $0.name == requeue.name } }
            for place in kept.indices where kept[place].name == requeue.name {
                (kept[place].bytes, kept[place].records) = (rest.count, rest.count { $0 == 0x0A })
            }
        } catch {
            // It is in its place already.
            guard error.isNotFound else { throw error }
        }
        if !kept.contains(where: { $0.name == requeue.name }) {
            do throws(FileSystemError) { try fileSystem.remove(path) } catch {
                guard error.isNotFound else { throw error }
            }
        }
        try fileSystem.synchronizeDirectory(directory)
    }

    /// Finishes at the start what an earlier run began, as a write-ahead record says.
    mutating func recoverRequeues(_ fingerprints: AcceptedFingerprints) {
        guard !requeues.isEmpty else { return }
        for fingerprint in fingerprints.fingerprints where requeues.contains(where: { $0.number == fingerprint.key }) {
            // Where it fails no batch is sealed before it has worked.
            try? finishRequeue(fingerprint.key)
        }
    }

    /// Forgets at the start what an earlier run began and no write-ahead record tells of.
    mutating func abandonUncountedRequeues() {
        for requeue in requeues where !requeue.isCounted { abandonRequeue(requeue.number) }
    }

    /// The file is gone, with all that is left of it.
    mutating func forgetRequeues(of name: String) {
        for requeue in requeues where requeue.name == name {
            try? fileSystem.remove("\(directory)/\(requeue.fileName)")
        }
        requeues.removeAll { $0.name == name }
    }
}
