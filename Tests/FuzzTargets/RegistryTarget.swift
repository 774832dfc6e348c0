internal import Scopes

enum RegistryTarget {
    /// The first byte chooses between the registry and the kinds of facts. What is read is read again from what is
    /// written of it.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let choice = Int(choices.byte()) % (FactKind.allCases.count + 1)
        let file = Array(choices.rest)
        guard choice < FactKind.allCases.count else { return runRegistry(file) }
        let kind = FactKind.allCases[choice]
        guard let records = try? FactFile.parse(file, kind: kind, file: "fuzz.csv") else { return }
        let written = FactFile.emit(records, kind: kind)
        guard let again = try? FactFile.parse(Array(written.utf8), kind: kind, file: "again.csv") else {
            fatalError("facts that were written can't be read")
        }
        require(again == records, "facts change when they are written and read")
    }

    private static func runRegistry(_ file: [UInt8]) {
        guard let entries = try? RegistryFile.parse(file, file: "fuzz.csv") else { return }
        let written = RegistryFile.emit(entries)
        guard let again = try? RegistryFile.parse(Array(written.utf8), file: "again.csv") else {
            fatalError("a registry that was written can't be read")
        }
        require(again == entries, "a registry changes when it is written and read")
    }
}
