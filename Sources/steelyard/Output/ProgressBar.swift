internal import Synchronization

/// A bar on standard error for what takes longer than two seconds, on a terminal only.
///
/// It is fed from wherever the work is done and draws at most ten times a second.
final class ProgressBar: Sendable {
    /// Nothing is drawn before this has passed.
    static let patience = Duration.seconds(2)
    private static let redrawInterval = Duration.milliseconds(100)
    private static let width = 30

    private struct State {
        var done = 0
        var total: Int?
        var lastDrawn: ContinuousClock.Instant?
        var isDrawn = false
    }

    private let label: String
    private let unit: String
    private let isShown: Bool
    private let started = ContinuousClock.now
    private let state: Mutex<State>
    private let draw: @Sendable (String) -> Void

    /// - Parameters:
    ///   - total: Units of work in all, where known beforehand.
    ///   - unit: Written after a count without a total.
    init(
        _ label: String, total: Int? = nil, unit: String = "", isShown: Bool = Terminal.isErrorATerminal,
        draw: @escaping @Sendable (String) -> Void = { Terminal.note(raw: $0) }
    ) {
        self.label = label
        self.isShown = isShown
        self.unit = unit
        self.draw = draw
        state = Mutex(State(total: total))
    }

    /// Says how much is done by now.
    func update(done: Int, total: Int? = nil, now: ContinuousClock.Instant = .now) {
        guard isShown else { return }
        let line = state.withLock { state -> String? in
            state.done = done
            if let total { state.total = total }
            guard now - started >= Self.patience else { return nil }
            if let last = state.lastDrawn, now - last < Self.redrawInterval { return nil }
            state.lastDrawn = now
            state.isDrawn = true
            return Self.line(label, done: done, total: state.total, unit: unit)
        }
        if let line { draw("\r\u{1B}[2K" + line) }
    }

    /// Takes the bar away.
    func finish() {
        let wasDrawn = state.withLock { state in
            defer { state.isDrawn = false }
            return state.isDrawn
        }
        if wasDrawn { draw("\r\u{1B}[2K") }
    }

    /// `feeding  [██████░░░░░░] 51 %  1,020/2,000`, or without a total the count alone.
    static func line(_ label: String, done: Int, total: Int?, unit: String = "") -> String {
        let figures = Figures.separated
        guard let total, total > 0 else { return "\(label)  \(figures.count(UInt128(max(0, done))))\(unit)" }
        let clamped = min(max(0, done), total)
        let filled = clamped * width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let percent = clamped * 100 / total
        return "\(label)  [\(bar)] \(percent) %  \(figures.count(UInt128(clamped)))/\(figures.count(UInt128(total)))"
    }
}
