import Testing

@testable import steelyard

@Suite struct TenantHistoryTests {
    @Test(arguments: [
        ("2025-06-01T00:00:00.123Z", "2025-06-01T00:00:00.122999Z"),
        ("2025-06-01T00:00:00Z", "2025-05-31T23:59:59.999999Z"),
        ("2024-03-01T00:00:00.000001Z", "2024-03-01T00:00:00.000000Z"),
        ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
    ])
    func stepsBackByAMicrosecond(_ time: String, _ before: String) {
        #expect(Moment.before(time) == before)
    }

    @Test(arguments: [
        "", "2025-06-01", "2025-06-01T00:00:00+08:00", "2025-06-01T00:00:00.1234567Z", "2025-06-0xT00:00:00Z",
    ])
    func refusesOtherForms(_ time: String) {
        #expect(Moment.before(time) == nil)
    }
}
