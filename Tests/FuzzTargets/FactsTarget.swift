internal import Scopes

enum FactsTarget {
    /// The first byte chooses the kind of facts. What is read is read again from what is written of it.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let kind = FactKind.allCases[Int(choices.byte()) % FactKind.allCases.count]
        guard let records = try? FactFile.parse(Array(choices.rest), kind: kind, file: "fuzz.csv") else { return }
        let written = FactFile.emit(records, kind: kind)
        guard let again = try? FactFile.parse(Array(written.utf8), kind: kind, file: "again.csv") else {
            fatalError("facts that were written can't be read")
        }
        require(again == records, "facts change when they are written and read")
    }
}
