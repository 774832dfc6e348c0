import Testing

@testable import Telemetry

@Suite struct LineLimiterTests {
    @Test func `a kind is let through once in an interval, with how many were held back`() {
        let (limiter, start) = (LineLimiter(), ContinuousClock.now)
        #expect(limiter.admits("busy", now: start) == 0)
        for second in 1..<60 { #expect(limiter.admits("busy", now: start + .seconds(second)) == nil) }
        #expect(limiter.admits("full", now: start) == 0)
        #expect(limiter.admits("busy", now: start + .seconds(60)) == 59)
        #expect(limiter.admits("busy", now: start + .seconds(120)) == 0)
    }

    @Test func `kinds are bounded`() {
        let (limiter, start) = (LineLimiter(), ContinuousClock.now)
        for kind in 0..<LineLimiter.capacity { #expect(limiter.admits("\(kind)", now: start) == 0) }
        #expect(limiter.admits("0", now: start) == nil)
        #expect(limiter.admits("one more", now: start) == 0)
        #expect(limiter.admits("0", now: start) == 0)
    }
}
