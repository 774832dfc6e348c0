/// The lines that are looked at together, and what their records are joined in. See ``WrappedLinesParser``.
struct WrappedRegion: Sendable {
    /// One of the two streams that a container's log holds.
    struct Stream: Sendable {
        /// By step, what was joined of a record that goes on; `nil` where none is open.
        var joined: [[UInt8]?]
        /// What is open in what the innermost step joined.
        var brackets = BracketScan()
        /// Where the record began that is open or was closed by the current line.
        var begun: Place?
    }

    /// A place in the region.
    struct Place: Sendable {
        var line: UInt64
        /// From the start of the region.
        var offset: UInt64
    }

    /// A record that is whole while one that began before it isn't.
    struct Waiting: Sendable {
        var bytes: [UInt8]
        var place: Place
        var isIgnored: Bool
    }

    static let streamCount = 2

    /// Whole lines so far.
    var lines: UInt64 = 0
    /// Where the current line begins, from the start of the region.
    var lineOffset: UInt64 = 0
    private(set) var streams: [Stream]
    private var waiting: [Waiting] = []
    /// By step, memory for lines that are written anew.
    private var spare: [[UInt8]]
    private let stepCount: Int
    /// How many records, or parts of one, are being joined.
    private var openCount = 0

    init(stepCount: Int) {
        self.stepCount = stepCount
        spare = Array(repeating: [], count: stepCount)
        streams = Array(
            repeating: Stream(joined: Array(repeating: nil, count: stepCount)), count: Self.streamCount)
    }

    /// Whether any record is open.
    var isOpen: Bool { openCount > 0 }

    mutating func clear() {
        lines = 0
        lineOffset = 0
        guard isOpen || !waiting.isEmpty else { return }
        openCount = 0
        waiting = []
        streams = Array(
            repeating: Stream(joined: Array(repeating: nil, count: stepCount)), count: Self.streamCount)
    }

    func isOpen(_ stream: Int, _ step: Int) -> Bool { streams[stream].joined[step] != nil }

    func isOpen(_ stream: Int) -> Bool { streams[stream].joined.contains { $0 != nil } }

    mutating func append(_ bytes: RawSpan, _ stream: Int, _ step: Int) {
        if streams[stream].begun == nil { streams[stream].begun = here }
        if streams[stream].joined[step] == nil { openCount += 1 }
        var joined = streams[stream].joined[step].take() ?? []
        if joined.isEmpty { streams[stream].brackets = BracketScan() }
        joined.append(bytes)
        streams[stream].joined[step] = joined
    }

    /// Adds a line to text in JSON; ``isBalanced(_:)`` then knows of it.
    mutating func append(line bytes: RawSpan, _ stream: Int, _ step: Int) {
        if isOpen(stream, step) { streams[stream].joined[step]?.append(0x0A) }
        append(bytes, stream, step)
        streams[stream].brackets.add(bytes)
    }

    /// Whether the lines that were joined last are a JSON value that is closed.
    func isBalanced(_ stream: Int) -> Bool { streams[stream].brackets.isClosed }

    /// Takes out what was joined. Where the record began stays known until ``settle()``.
    mutating func close(_ stream: Int, _ step: Int) -> [UInt8] {
        guard let joined = streams[stream].joined[step].take() else { return [] }
        openCount -= 1
        return joined
    }

    /// Forgets where records began that are not open any more; to be called before another record.
    mutating func settle() {
        for stream in streams.indices where streams[stream].begun != nil && !isOpen(stream) {
            streams[stream].begun = nil
        }
    }

    /// Where the current record of a stream began.
    func place(of stream: Int) -> Place { streams[stream].begun ?? here }

    private var here: Place { Place(line: lines, offset: lineOffset) }

    mutating func wait(_ bytes: RawSpan, stream: Int, isIgnored: Bool) {
        var copy: [UInt8] = []
        copy.append(bytes)
        waiting.append(Waiting(bytes: copy, place: place(of: stream), isIgnored: isIgnored))
    }

    mutating func takeWaiting() -> [Waiting] {
        if waiting.isEmpty { return [] }
        defer { waiting = [] }
        return waiting
    }

    /// Memory for a line of this step, empty.
    mutating func takeSpare(_ step: Int) -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &spare[step])
        taken.removeAll(keepingCapacity: true)
        return taken
    }

    mutating func giveBack(_ memory: [UInt8], _ step: Int) { spare[step] = memory }
}

extension [UInt8] {
    mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}

/// Which brackets and strings of JSON are open, in text that comes in pieces: each byte is looked at once.
struct BracketScan: Sendable {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    var isClosed: Bool { depth == 0 && !isInString }

    mutating func add(_ bytes: RawSpan) {
        // Between two pieces is a line end, which no escape goes over.
        isEscaped = false
        var index = 0
        while index < bytes.byteCount {
            if isInString, !isEscaped, index + 8 <= bytes.byteCount, RawSpan.stringEnds(bytes.word(at: index)) == 0 {
                index += 8
                continue
            }
            let byte = bytes.peek(index)
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
                default: break
                }
            }
            index += 1
        }
    }
}
