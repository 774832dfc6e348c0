internal import Foundation
internal import Market

/// Writes a simulated market's facts, one CSV file for each kind, into a folder.
enum FactsFolder {
    /// Makes the folder where it is missing.
    static func write(_ simulator: MarketSimulator, to folder: String, overwriting: Bool) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.failure, "can't make the folder \(folder): \(error.localizedDescription)")
        }
        let files = simulator.factsFiles.map { (path: "\(folder)/\($0.kind).csv", bytes: Array($0.csv.utf8)) }
        let existing = files.filter { FileManager.default.fileExists(atPath: $0.path) }
        if !overwriting, let first = existing.first {
            throw CommandError(
                .failure, "\(first.path) is there already and is not overwritten; say --force to replace it")
        }
        for file in files { try FileOrOutput.write(file.bytes, to: file.path, overwriting: overwriting) }
    }
}
