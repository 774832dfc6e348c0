extension FieldPlan {
    /// Lays out the tables from a finished tree.
    mutating func compile(_ tree: FieldTree) throws(SourceFormatError) {
        nodes = []
        entries = []
        names = []
        patterns = []
        elements = []
        combinedSources = 0
        readsText = false
        digest = 0xCBF2_9CE4_8422_2325
        _ = try place(tree, name: "", setting: "", isRepeated: false)
    }

    /// - Parameter isRepeated: whether a step before it stands for several values.
    private mutating func place(
        _ tree: FieldTree, name: String, setting: String, isRepeated: Bool
    ) throws(SourceFormatError) -> Int {
        let named = tree.children.filter { if case .name = $0.step { true } else { false } }
        var size = 4
        while size < named.count * 2 { size *= 2 }
        let index = nodes.count
        guard index < FieldPlan.maxNodes else {
            throw SourceFormatError(
                setting: setting, message: "more than \(FieldPlan.maxNodes) objects lead to fields",
                remedy: "name fewer paths")
        }
        let firstEntry = entries.count
        nodes.append(
            Node(
                firstEntry: firstEntry, entryMask: size - 1, patterns: 0..<0, elements: 0..<0,
                readsElements: false, isRepeated: isRepeated, name: name))
        entries.append(contentsOf: repeatElement(Entry(key: .none, source: -1, node: -1), count: size))
        names.append(contentsOf: repeatElement([], count: size))
        var found: [Pattern] = []
        var numbered: [Element] = []
        for child in tree.children {
            let path = name.isEmpty ? child.step.text : "\(name).\(child.step.text)"
            note(path, child.source)
            switch child.step {
            case .name(let key):
                guard let words = KeyWords(configured: key) else {
                    throw SourceFormatError(
                        setting: child.setting, message: "\(key) can't be a field's name",
                        remedy: "use 1 to \(KeyWords.maxBytes) bytes without double quotes, backslashes and controls")
                }
                var slot = words.hash & (size - 1)
                while !entries[firstEntry + slot].key.isNone { slot = (slot + 1) & (size - 1) }
                entries[firstEntry + slot].key = words
                names[firstEntry + slot] = Array(key.utf8)
                if let number = Self.elementNumber(key) {
                    numbered.append(Element(number: number, entry: firstEntry + slot))
                    nodes[index].readsElements = true
                }
                try fill(firstEntry + slot, from: child, path: path, isRepeated: isRepeated)
            case .each(let prefix):
                let entry = entries.count
                entries.append(Entry(key: .none, source: -1, node: -1))
                names.append([])
                found.append(Pattern(prefix: Array(prefix.utf8), entry: entry))
                if prefix.isEmpty { nodes[index].readsElements = true }
                try fill(entry, from: child, path: path, isRepeated: true)
            case .text:
                throw SourceFormatError(
                    setting: child.setting, message: "{} stands before any name",
                    remedy: "write it behind the name of the string")
            }
        }
        nodes[index].patterns = patterns.count..<patterns.count + found.count
        patterns += found
        nodes[index].elements = elements.count..<elements.count + numbered.count
        elements += numbered
        return index
    }

    /// Says what an entry's value is.
    private mutating func fill(
        _ entry: Int, from child: FieldTree.Child, path: String, isRepeated: Bool
    ) throws(SourceFormatError) {
        entries[entry].source = child.source
        if isRepeated, child.source >= 0 { combinedSources |= 1 << UInt64(child.source) }
        var members = FieldTree()
        for inner in child.tree.children {
            guard inner.step == .text else {
                members.append(inner)
                continue
            }
            readsText = true
            entries[entry].textNode = Int16(
                try place(inner.tree, name: "\(path){}", setting: inner.setting, isRepeated: isRepeated))
        }
        if !members.children.isEmpty {
            entries[entry].node = Int16(
                try place(members, name: path, setting: child.setting, isRepeated: isRepeated))
        }
        entries[entry].isPlain =
            !isRepeated && child.source >= 0 && entries[entry].node < 0 && entries[entry].textNode < 0
    }

    /// The node of the JSON that the top's string of this name holds; -1 where none is read.
    func textNode(named name: String) -> Int {
        for index in nodes[0].firstEntry...nodes[0].firstEntry + nodes[0].entryMask
        where names[index].elementsEqual(name.utf8) {
            return Int(entries[index].textNode)
        }
        return -1
    }

    /// The number that a step names an element by: digits without a leading zero.
    static func elementNumber(_ key: String) -> Int? {
        guard key == "0" || key.utf8.first != UInt8(ascii: "0"), key.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else {
            return nil
        }
        return Int(key)
    }

    private mutating func note(_ path: String, _ source: Int16) {
        for byte in Array(path.utf8) + [0, UInt8(truncatingIfNeeded: source)] {
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
        }
    }
}
