import Testing
import UsageModel

@Suite struct TimestampTests {
    @Test(arguments: [(Int64(-1), Int64(-1), Int64(-1)), (999, 0, 0), (1_000, 1, 0), (-1_000_001, -1_001, -2)])
    func `coarser units round down`(microseconds: Int64, milliseconds: Int64, seconds: Int64) {
        let time = Timestamp(microseconds: microseconds)
        #expect(time.milliseconds == milliseconds)
        #expect(time.seconds == seconds)
    }
}
