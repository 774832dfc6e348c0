import CollectorCore
import Testing
import UsageModel

@Suite struct TimeWindowTests {
    private let window = TimeWindow(
        TimeWindow.Span(back: .seconds(400 * 86_400), ahead: .seconds(300)),
        nowMilliseconds: 1_767_225_600_000)
    private let now: Int64 = 1_767_225_600 / 60

    @Test func `takes minutes up to both edges`() {
        #expect(window.problem(minute: now) == nil)
        #expect(window.problem(minute: now + 5) == nil)
        #expect(window.problem(minute: now + 6)?.reason == .timeInFuture)
        #expect(window.problem(minute: now - 400 * 1_440) == nil)
        #expect(window.problem(minute: now - 400 * 1_440 - 1)?.reason == .timeTooOld)
    }

    @Test func `a window wider than time does not trap`() {
        let wide = TimeWindow(
            TimeWindow.Span(back: .seconds(36_500 * 86_400), ahead: .seconds(36_500 * 86_400)),
            nowMilliseconds: 0)
        #expect(wide.problem(minute: 0) == nil)
        #expect(wide.problem(minute: .max)?.reason == .timeInFuture)
        #expect(wide.problem(minute: .min)?.reason == .timeTooOld)
    }
}
