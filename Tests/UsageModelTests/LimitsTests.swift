import Testing
import UsageModel

@Suite struct LimitsTests {
    @Test func no_batch_can_wrap_a_sum() {
        let (product, overflow) = Limits.maxTokensPerField.multipliedReportingOverflow(
            by: UInt64(Limits.maxRowsPerBatch))
        #expect(!overflow)
        #expect(product > Limits.maxTokensPerField)
    }
}
