internal import Crypto
internal import UsageModel

/// Everything that happened, as a hash: two runs of a seed and a commit give the same.
struct Trace {
    private var hash = SHA256()
    /// Takes each line, where somebody wants to read it.
    private let print: ((String) -> Void)?

    init(print: ((String) -> Void)?) {
        self.print = print
    }

    mutating func note(_ milliseconds: Int64, _ line: String) {
        let text = "\(milliseconds) \(line)\n"
        hash.update(data: Array(text.utf8))
        print?(text)
    }

    var digest: String { Hexadecimal.text(hash.finalize()) }
}
