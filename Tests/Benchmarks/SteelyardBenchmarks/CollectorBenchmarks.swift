import BatchFormat
import Benchmark
import Foundation
import SourceFormats
import Spool
import Synchronization
import UsageModel

/// From bytes to a sealed batch in the spool.
func collectorBenchmarks() {
    Benchmark("1 parse 100k events") { benchmark in
        let bytes = Input.bytes
        var parser = Input.makeParser()
        var sink = CountingSink()
        benchmark.startMeasurement()
        _ = unsafe parser.consume(bytes.span.bytes, endOfInput: true, into: &sink)
        benchmark.stopMeasurement()
        precondition(sink.events == Input.eventsPerIteration, "\(sink)")
    }

    Benchmark("2 parse and sum 100k events") { benchmark in
        let bytes = Input.bytes
        var parser = Input.makeParser()
        var sink = SummingSink()
        benchmark.startMeasurement()
        _ = unsafe parser.consume(bytes.span.bytes, endOfInput: true, into: &sink)
        benchmark.stopMeasurement()
        precondition(sink.rejections == 0)
    }

    let sums = Shared { Input.sums() }
    Benchmark("3 seal 100k events") { benchmark in
        let sums = sums.value
        benchmark.startMeasurement()
        blackHole(Input.seal(sums.rows(), spoolSequence: 1))
        benchmark.stopMeasurement()
    }

    let sealed = Shared { Input.seal(sums.value.rows(), spoolSequence: 1) }
    Benchmark("4 spool append and sync of 100k events") { benchmark in
        let batch = sealed.value
        let directory = "\(NSTemporaryDirectory())steelyard-bench-spool-\(UInt64.random(in: 0...UInt64.max))"
        let spool = try Spool.open(directory: directory, settings: SpoolSettings(), clock: SystemWallClock()).spool
        benchmark.startMeasurement()
        try spool.appendBatch(
            spoolSequence: 1, digest: batch.digest, sealed: batch.bytes, checkpoint: [], coversWriteAheadThrough: 0)
        try spool.sync()
        benchmark.stopMeasurement()
        try spool.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    Benchmark("5 decode 100k events") { benchmark in
        let bytes = sealed.value.bytes
        benchmark.startMeasurement()
        blackHole(try BatchDecoder().decode(bytes))
        benchmark.stopMeasurement()
    }
}

/// A value that is made when first asked for, so that benchmarks that are filtered out don't pay for it.
final class Shared<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)
    private let make: @Sendable () -> Value

    init(_ make: @escaping @Sendable () -> Value) {
        self.make = make
    }

    var value: Value {
        made.withLock { made in
            if let made { return made }
            let value = make()
            made = value
            return value
        }
    }
}
