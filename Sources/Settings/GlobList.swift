/// Takes apart a list of globs that is written as one text.
enum GlobList {
    /// The globs between the commas. A comma within braces is the glob's own, as in `logs/{gateway,batch}.jsonl`, and
    /// so is what follows a backslash.
    static func split(_ text: String) -> [String] {
        let characters = Array(text)
        var globs: [String] = []
        var glob = ""
        var index = 0
        while index < characters.count {
            let character = characters[index]
            switch character {
            case ",":
                globs.append(glob)
                glob = ""
                index += 1
            case "{", "\\":
                // A brace that nothing closes stands for itself, so commas after it separate as anywhere else.
                let end = end(of: index, in: characters) ?? index
                glob += String(characters[index...end])
                index = end + 1
            default:
                glob.append(character)
                index += 1
            }
        }
        globs.append(glob)
        return globs.filter { !$0.isEmpty }
    }

    /// Where a group in braces, or an escaped character, ends; `nil` for a brace that nothing closes.
    private static func end(of start: Int, in characters: [Character]) -> Int? {
        var depth = 0
        var index = start
        while index < characters.count {
            switch characters[index] {
            case "\\": index += 1
            case "{": depth += 1
            case "}": depth -= 1
            default: break
            }
            if depth == 0 { return min(index, characters.count - 1) }
            index += 1
        }
        return nil
    }
}
