import Synchronization
import Testing

@testable import steelyard

@Suite struct ProgressBarTests {
    @Test(arguments: [
        (0, 4, "feeding  [░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 0 %  0/4"),
        (2, 4, "feeding  [███████████████░░░░░░░░░░░░░░░] 50 %  2/4"),
        (5, 4, "feeding  [██████████████████████████████] 100 %  4/4"),
    ])
    func `draws what is done`(_ done: Int, _ total: Int, _ line: String) {
        #expect(ProgressBar.line("feeding", done: done, total: total) == line)
    }

    @Test func `counts where the total is unknown`() {
        #expect(ProgressBar.line("writing", done: 12_345, total: nil) == "writing  12,345")
    }

    @Test func `draws nothing in the first two seconds and nothing off a terminal`() {
        let drawn = Mutex<[String]>([])
        let start = ContinuousClock.now
        let bar = ProgressBar("x", total: 10, isShown: true) { text in drawn.withLock { $0.append(text) } }
        bar.update(done: 1, now: start + .seconds(1))
        #expect(drawn.withLock { $0.isEmpty })
        bar.update(done: 2, now: start + .seconds(3))
        bar.update(done: 3, now: start + .seconds(3) + .milliseconds(50))
        #expect(drawn.withLock { $0.count } == 1, "at most ten times a second")
        bar.finish()
        #expect(drawn.withLock { $0.last } == "\r\u{1B}[2K")

        let quiet = ProgressBar("x", total: 10, isShown: false) { text in drawn.withLock { $0.append(text) } }
        quiet.update(done: 9, now: start + .seconds(60))
        quiet.finish()
        #expect(drawn.withLock { $0.count } == 2)
    }
}
