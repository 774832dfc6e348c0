internal import Scopes
internal import TextFormats

enum ScopeTarget {
    /// A scope that is taken can be explained and has a canonical form; house events are read from the same bytes.
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(FileProblems) {
            let scope = try Scope.parse(text, file: "fuzz.yaml")
            let again = try Scope.parse(text, file: "again.yaml")
            require(scope.canonicalForm == again.canonicalForm, "a scope has two canonical forms")
        } catch {
            require(!"\(error)".isEmpty, "a refusal says nothing")
        }
        _ = try? TrendEvents.parse(text, file: "fuzz.yaml")
    }
}
