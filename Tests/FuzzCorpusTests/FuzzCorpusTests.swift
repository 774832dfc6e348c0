import Foundation
import FuzzTargets
import Testing

/// The kept corpus of each fuzz target, run without a fuzzer: what once failed stays fixed, and the targets stay true.
@Suite struct FuzzCorpusTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("FuzzTargets/Corpus")

    @Test(arguments: FuzzTarget.all)
    func `every input of the corpus holds`(_ target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.corpus.appendingPathComponent(target.name), includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files { target.run(Array(try Data(contentsOf: file))) }
    }

    /// `Tests/Tools/fuzz` runs the targets that have a corpus.
    @Test func `every target has a corpus and every corpus a target`() throws {
        let corpora = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(corpora.sorted() == FuzzTarget.all.map(\.name).sorted())
    }

    /// The most places at which one input is changed: enough to see that a target is alive without a fuzzer.
    private static let maxPlaces = 200

    @Test(arguments: FuzzTarget.all)
    func `every input holds cut and garbled`(_ target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.corpus.appendingPathComponent(target.name), includingPropertiesForKeys: nil)
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            for index in stride(from: 0, to: bytes.count, by: max(1, bytes.count / Self.maxPlaces)) {
                target.run(Array(bytes.prefix(index)))
                var garbled = bytes
                garbled[index] ^= UInt8(truncatingIfNeeded: 1 << (index & 7))
                target.run(garbled)
            }
        }
    }
}
