internal import Foundation

/// Turns a ServeGen archive into native usage events: one per client and non-empty 10-minute slot.
///
/// The tenant is `MODEL/chunk-N`, the requests of a slot are round(rate × 600), and its tokens are requests × mean of
/// the window's histogram, rounded half up, in exact decimal arithmetic on the digits as written. Clients whose
/// histogram upstream didn't publish are fed with their requests and zero tokens: the calls are known, their tokens
/// aren't, and no figure is made up for them.
struct ServeGenConverter {
    private static let slotSeconds: UInt64 = 600
    private static let windowSeconds: Int64 = 21_600

    enum Problem: Error {
        case unknownMember(String)
        case missingWindow(client: String, second: Int64)
    }

    /// The sums of one window: Σ tokens × share, as an integer at 10^-`scale`.
    private struct Means {
        static let scale = 25
        var input: UInt128 = 0
        var output: UInt128 = 0
    }

    let archive: String
    let epochSecond: Int64

    /// Writes every non-empty slot to `output` and returns how many there were.
    func convert(to output: String) throws -> Int {
        var datasets: [String: [UInt8]] = [:]
        var traces: [(client: String, content: [UInt8])] = []
        try TraceArchive(path: archive).forEachMember { name, content in
            let parts = name.split(separator: "/")
            guard parts.count >= 2, let file = parts.last else { throw Problem.unknownMember(name) }
            let model = parts[parts.count - 2]
            if file.hasSuffix("-dataset.json") {
                datasets["\(model)/\(file.dropLast("-dataset.json".count))"] = content
            } else if file.hasSuffix("-trace.csv") {
                traces.append(("\(model)/\(file.dropLast("-trace.csv".count))", content))
            } else {
                throw Problem.unknownMember(name)
            }
        }
        var writer = try NativeEventWriter(path: output)
        for (client, content) in traces {
            try convert(client: client, trace: content, dataset: datasets[client], into: &writer)
        }
        try writer.finish()
        return writer.eventCount
    }

    private func convert(
        client: String, trace: [UInt8], dataset: [UInt8]?, into writer: inout NativeEventWriter
    ) throws {
        let windows = try dataset.map { try Self.windows($0) }
        var means: [Int64: Means] = [:]
        let model = String(client.prefix { $0 != "/" })
        var scanner = ByteScanner(trace)
        while scanner.position < trace.count {
            let start = Int64(try scanner.decimal().timesRoundedHalfUp(1))
            try scanner.take(UInt8(ascii: ","))
            let requests = try scanner.decimal().timesRoundedHalfUp(Self.slotSeconds)
            try scanner.take(UInt8(ascii: ","))
            scanner.position = try scanner.find(UInt8(ascii: "\n"), from: scanner.position) + 1
            if requests == 0 { continue }
            var event = NativeEventWriter.Event(
                millisecond: (epochSecond + start) * 1000, tenant: client, model: model, requests: requests, input: 0,
                output: 0)
            if let dataset, let windows {
                let window = start / Self.windowSeconds * Self.windowSeconds
                let mean = try means[window] ?? Self.mean(dataset, windows: windows, window: window, client: client)
                means[window] = mean
                event.input = ExactDecimal.roundedHalfUp(mean.input * UInt128(requests), scale: Means.scale)
                event.output = ExactDecimal.roundedHalfUp(mean.output * UInt128(requests), scale: Means.scale)
            }
            try writer.write(event)
        }
    }

    /// Where each window's object begins in a dataset.
    private static func windows(_ dataset: [UInt8]) throws -> [Int64: Int] {
        var found: [Int64: Int] = [:]
        var scanner = ByteScanner(dataset)
        try scanner.object { key, scanner in
            _ = try scanner.peek()
            if let second = Int64(key) { found[second] = scanner.position }
            try scanner.object { _, scanner in
                try scanner.take(UInt8(ascii: "\""))
                scanner.position = try scanner.find(UInt8(ascii: "\""), from: scanner.position) + 1
            }
        }
        return found
    }

    private static func mean(
        _ dataset: [UInt8], windows: [Int64: Int], window: Int64, client: String
    ) throws -> Means {
        guard let position = windows[window] else { throw Problem.missingWindow(client: client, second: window) }
        var means = Means()
        var scanner = ByteScanner(dataset)
        scanner.position = position
        try scanner.object { key, scanner in
            try scanner.take(UInt8(ascii: "\""))
            switch key {
            case "input_tokens": means.input = try weightedSum(&scanner)
            case "output_tokens": means.output = try weightedSum(&scanner)
            default: scanner.position = try scanner.find(UInt8(ascii: "\""), from: scanner.position)
            }
            try scanner.take(UInt8(ascii: "\""))
        }
        return means
    }

    /// Σ tokens × share over a map written as `{45: 0.0096, 46: 8.1e-05}` inside a string.
    private static func weightedSum(_ scanner: inout ByteScanner) throws -> UInt128 {
        var sum: UInt128 = 0
        try scanner.take(UInt8(ascii: "{"))
        if try scanner.takes(UInt8(ascii: "}")) { return 0 }
        repeat {
            let tokens = try scanner.decimal()
            try scanner.take(UInt8(ascii: ":"))
            let share = try scanner.decimal()
            let scale = Means.scale - share.scale - tokens.scale
            sum += UInt128(tokens.mantissa) * UInt128(share.mantissa) * ExactDecimal.powersOfTen[scale]
        } while try scanner.takes(UInt8(ascii: ","))
        try scanner.take(UInt8(ascii: "}"))
        return sum
    }
}
