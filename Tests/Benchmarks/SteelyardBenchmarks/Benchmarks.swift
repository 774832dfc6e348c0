import Benchmark

/// The parts of the event path one by one, each on the same 100,000 events (`eventsPerIteration`).
///
/// `deploy/bench` runs them; by hand: `STEELYARD_BENCHMARK=1 STEELYARD_BENCHMARK_INPUT=events.jsonl swift package
/// benchmark`. Milliseconds per iteration × 10 are milliseconds per million events.
let benchmarks: @Sendable () -> Void = {
    unsafe Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .peakMemoryResident], timeUnits: .milliseconds, warmupIterations: 2,
        maxDuration: .seconds(6), maxIterations: 200)
    collectorBenchmarks()
    aggregatorBenchmarks()
}
