internal import Foundation
internal import Identity
internal import Market

/// Writes a simulated market's events to a file or to standard output.
enum MarketFile {
    static func write(_ simulator: MarketSimulator, provider: String?, to path: String, overwriting: Bool) throws {
        if path == "-" {
            try simulator.write(provider: provider) { Terminal.out(bytes: $0) }
            return
        }
        if !overwriting, FileManager.default.fileExists(atPath: path) {
            throw CommandError(.failure, "\(path) is there already and is not overwritten; say --force to replace it")
        }
        let temporary = "\(path).\(UInt64.random(in: .min ... .max)).new"
        do {
            let totals = try fill(temporary, from: simulator, provider: provider)
            guard unsafe rename(temporary, path) == 0 else {
                throw CommandError(.failure, "can't put \(path) in place: \(unsafe String(cString: strerror(errno)))")
            }
            let figures = Figures.separated
            Terminal.note(
                "\(path): \(figures.count(UInt128(totals.events))) events, "
                    + "\(figures.count(UInt128(totals.bytes))) bytes, \(figures.count(totals.tokens)) tokens")
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    private static func fill(
        _ path: String, from simulator: MarketSimulator, provider: String?
    ) throws -> MarketTotals {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else {
            throw CommandError(.failure, "can't create \(path); does the directory exist, and may you write to it?")
        }
        let bar = ProgressBar("writing events")
        defer { bar.finish() }
        var written = 0
        let totals = try simulator.write(provider: provider) { bytes in
            try handle.write(contentsOf: bytes)
            written += bytes.count
            bar.update(done: written)
        }
        try handle.synchronize()
        try handle.close()
        return totals
    }
}
