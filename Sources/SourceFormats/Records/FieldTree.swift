/// Places as they are nested, before they become tables.
struct FieldTree {
    struct Child {
        var step: RecordPath.Step
        var source: Int16
        /// What is read within the value.
        var tree: FieldTree
        /// The setting that named it first, for errors.
        var setting: String
    }

    /// What a source is read for.
    enum Use {
        case field
        /// A filter only looks at it: it may stand in the place of a field, or of an object on the way to one.
        case condition
    }

    private(set) var children: [Child] = []

    mutating func append(_ child: Child) { children.append(child) }

    /// The source that is read at the path; `nil` where none is.
    func source(at path: RecordPath) -> Int? { source(at: path.steps[...]) }

    private func source(at steps: ArraySlice<RecordPath.Step>) -> Int? {
        guard let first = steps.first, let child = children.first(where: { $0.step == first }) else { return nil }
        if steps.count > 1 { return child.tree.source(at: steps.dropFirst()) }
        return child.source < 0 ? nil : Int(child.source)
    }

    /// Makes the value at `path` the given source.
    mutating func insert(
        path: String, source: Int, setting: String
    ) throws(SourceFormatError) {
        try insert(RecordPath(path, setting: setting), source: source, for: .field, setting: setting)
    }

    mutating func insert(
        _ path: RecordPath, source: Int, for use: Use, setting: String
    ) throws(SourceFormatError) {
        try insert(path.steps[...], source: source, for: use, setting: setting)
    }

    private mutating func insert(
        _ steps: ArraySlice<RecordPath.Step>, source: Int, for use: Use, setting: String
    ) throws(SourceFormatError) {
        guard let step = steps.first else { return }
        let rest = steps.dropFirst()
        let index: Int
        if let found = children.firstIndex(where: { $0.step == step }) {
            index = found
            try check(children[found], isLast: rest.isEmpty, rest.first, for: use, setting: setting)
        } else {
            index = children.count
            children.append(Child(step: step, source: -1, tree: FieldTree(), setting: setting))
        }
        if rest.isEmpty {
            children[index].source = Int16(source)
        } else {
            try children[index].tree.insert(rest, source: source, for: use, setting: setting)
        }
    }

    private func check(
        _ child: Child, isLast: Bool, _ next: RecordPath.Step?, for use: Use, setting: String
    ) throws(SourceFormatError) {
        guard use == .field else { return }
        let remedy = "give each field a place of its own"
        if isLast {
            guard child.source < 0, child.tree.children.allSatisfy({ $0.step == .text }) else {
                throw SourceFormatError(
                    setting: setting, message: "\(child.step.text) is already read for another field", remedy: remedy)
            }
        } else if child.source >= 0, next != .text {
            throw SourceFormatError(
                setting: setting, message: "\(child.step.text) is read both as a value and an object", remedy: remedy)
        }
    }
}

extension RecordPath.Step {
    /// The step as a path says it.
    var text: String {
        switch self {
        case .name(let name): name
        case .each(let prefix): "\(prefix)*"
        case .text: "{}"
        }
    }
}
