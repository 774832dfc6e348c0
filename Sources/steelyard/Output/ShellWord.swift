/// Text as one word of a shell's command line, for commands that people are told to type.
enum ShellWord {
    static func quoted(_ text: String) -> String {
        text.isEmpty || !text.utf8.allSatisfy(isPlain) ? "'\(text.replacing("'", with: #"'\''"#))'" : text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        // Digits stand between the slash and the colon.
        case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"): true
        default: false
        }
    }
}
