/// Takes apart a list of globs that is written as one text.
enum GlobList {
    /// The globs between the commas. A comma within braces is the glob's own, as in `logs/{gateway,batch}.jsonl`, and so
    /// is what follows a backslash.
    static func split(_ text: String) -> [String] {
        var globs: [String] = []
        var glob = ""
        var depth = 0
        var isEscaped = false
        for character in text {
            if character == ",", depth == 0, !isEscaped {
                globs.append(glob)
                glob = ""
                continue
            }
            if !isEscaped, character == "{" { depth += 1 }
            if !isEscaped, character == "}" { depth = max(0, depth - 1) }
            isEscaped = character == "\\" && !isEscaped
            glob.append(character)
        }
        // A brace that nothing closes stands for itself, so commas after it separate as anywhere else.
        guard depth == 0 else { return text.split(separator: ",").map(String.init) }
        globs.append(glob)
        return globs.filter { !$0.isEmpty }
    }
}
