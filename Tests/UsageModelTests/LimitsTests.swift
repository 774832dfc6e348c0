import Testing
import UsageModel

@Suite struct LimitsTests {
    @Test func `no batch can wrap a sum`() {
        let (product, overflow) = Limits.maxTokensPerField.multipliedReportingOverflow(
            by: UInt64(Limits.maxRowsPerBatch))
        #expect(!overflow)
        #expect(product > Limits.maxTokensPerField)
    }
}
