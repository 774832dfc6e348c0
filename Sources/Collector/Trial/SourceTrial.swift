internal import CollectorCore
internal import Foundation
internal import SourceFormats
internal import TextFormats
internal import UsageModel

/// Reads a sample as a source would and says what each record becomes. Nothing is kept, written or sent.
package struct SourceTrial {
    package enum Output: Sendable {
        /// A block of lines for each record.
        case text
        /// One JSON object a line.
        case json
    }

    /// Why a sample can't be read, for people.
    package struct Unreadable: Error, CustomStringConvertible {
        package var description: String
    }

    /// The largest sample that is decompressed, in bytes.
    static let maxDecompressedBytes = 1 << 30

    private let plan: SourcePlan
    private let framing: SourceFraming
    private var sink: TrialSink

    /// - Parameters:
    ///   - name: of a source of the settings, or the one of `POST /v1/events`.
    ///   - print: takes the output piece by piece.
    /// - Throws: ``Unreadable`` where there is no such source.
    package init(
        settings: CollectorSettings, source name: String, output: Output, nowMilliseconds: Int64,
        print: @escaping (String) -> Void
    ) throws {
        sink = TrialSink(
            window: TimeWindow(settings.window, nowMilliseconds: nowMilliseconds), output: output, print: print)
        if let source = settings.sources.first(where: { $0.name == name }) {
            framing = source.kind == .http ? .document : .stream
            plan = try SourcePlan(
                source.format, in: source.wrappings, defaults: source.defaults, framing: framing)
        } else if name == CollectorSettings.defaultSourceName {
            framing = .document
            plan = try SourcePlan(
                CollectorSettings.defaultSourceFormat, defaults: settings.defaults, framing: framing)
        } else {
            let names = (settings.sources.map(\.name) + [CollectorSettings.defaultSourceName]).joined(separator: ", ")
            throw Unreadable(description: "there is no source \(name); there are \(names)")
        }
    }

    /// Reads a file, by the ending of its name also one in gzip or zstd.
    ///
    /// - Throws: ``Unreadable``.
    package mutating func run(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Unreadable(description: "\(path) can't be opened: look whether it is there and may be read")
        }
        defer { try? file.close() }
        var parser = plan.makeParser()
        if let compression = Compression(path: path) {
            let bytes = [UInt8](try file.readToEnd() ?? Data())
            var pending: [UInt8]
            do throws(DecompressionError) {
                pending = try compression.decompress(bytes, limit: Self.maxDecompressedBytes, maxWindowLog: 27)
            } catch {
                throw Unreadable(description: "\(path) can't be decompressed: \(error)")
            }
            feed(&parser, &pending, endOfInput: true)
        } else {
            var pending: [UInt8] = []
            while true {
                let piece = [UInt8](try file.read(upToCount: AccumulatorLimits.chunkBytes) ?? Data())
                pending += piece
                feed(&parser, &pending, endOfInput: piece.isEmpty)
                if piece.isEmpty { break }
            }
        }
        sink.finish()
    }

    private mutating func feed(_ parser: inout any SourceParser, _ pending: inout [UInt8], endOfInput: Bool) {
        let used = unsafe parser.consume(pending.span.bytes, endOfInput: endOfInput, into: &sink)
        pending.removeFirst(used)
    }
}
