import Reporting
import Scopes
import TestSupport
import Testing

@Suite struct ReportingGapsTests {
    @Test func `gaps longer than the threshold are silence`() {
        let found = ReportingGaps(in: 0..<1_000, reported: [100..<200, 150..<300, 360..<400, 461..<990], threshold: 60)
        #expect(found.spans == [0..<100, 400..<461])
        #expect(found.silentMinutes == 161 && found.reported == Share(numerator: 839, denominator: 1_000))
    }

    @Test func `reports beyond the window and empty windows make no gap`() {
        #expect(ReportingGaps(in: 0..<100, reported: [], threshold: 60).spans == [0..<100])
        #expect(ReportingGaps(in: 0..<60, reported: [], threshold: 60).spans.isEmpty)
        #expect(ReportingGaps(in: 50..<50, reported: [0..<9], threshold: 0).reported.percent(decimals: 1) == nil)
        // What is reported beyond the window is no report in it.
        let beyond = ReportingGaps(in: 100..<200, reported: [0..<50, 90..<110, 300..<400], threshold: 10)
        #expect(beyond.spans == [110..<200])
    }

    @Test func `minutes that have not come are not silent`() {
        #expect(ReportingGaps.window(of: 10..<20, now: 25) == 10..<20)
        #expect(ReportingGaps.window(of: 10..<20, now: 15) == 10..<15)
        #expect(ReportingGaps.window(of: 10..<20, now: 5) == 10..<10)
    }

    /// Against a set of minutes.
    @Test func `silent minutes are those without a report near`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let window = Int64(20)..<Int64(180)
            let reported = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                let low = Int64.random(in: 0..<200, using: &random)
                return low..<(low + Int64.random(in: 1...20, using: &random))
            }
            let threshold = Int64.random(in: 0...12, using: &random)
            let covered = Set(reported.flatMap { Array($0) })
            var silent: Set<Int64> = []
            var run: [Int64] = []
            for minute in window {
                if covered.contains(minute) { run = [] } else { run.append(minute) }
                if run.count > threshold { silent.formUnion(run) }
            }
            let found = ReportingGaps(in: window, reported: reported.shuffled(using: &random), threshold: threshold)
            #expect(Set(found.spans.flatMap { Array($0) }) == silent, "seed \(seed)")
            #expect(found.silentMinutes == Int64(silent.count), "seed \(seed)")
            #expect(
                zip(found.spans, found.spans.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "seed \(seed)")
        }
    }
}
