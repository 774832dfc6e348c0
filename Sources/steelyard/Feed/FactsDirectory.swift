internal import Foundation
internal import Market

/// Writes a simulated market's facts, one CSV file for each kind, into a directory.
enum FactsDirectory {
    /// Makes the directory where it is missing.
    static func write(_ simulator: MarketSimulator, to directory: String, overwriting: Bool) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.failure, "can't make the directory \(directory): \(error.localizedDescription)")
        }
        let files = simulator.factsFiles.map { (path: "\(directory)/\($0.kind).csv", bytes: Array($0.csv.utf8)) }
        let existing = files.filter { FileManager.default.fileExists(atPath: $0.path) }
        if !overwriting, let first = existing.first {
            throw CommandError(
                .failure, "\(first.path) is there already and is not overwritten; say --force to replace it")
        }
        for file in files { try FileOrOutput.write(file.bytes, to: file.path, overwriting: overwriting) }
    }
}
