/// What an import came to, in one line.
enum ImportReport {
    /// - Parameter what: how much the file holds, such as `5 assertions`.
    static func line(file: String, what: String, asserted: Int, unchanged: Int, recordedAt: String) -> String {
        let counts = "\(file): \(what), \(asserted) new, \(unchanged) unchanged"
        // Where nothing is recorded the server's time is that of an earlier import.
        return asserted == 0 ? "\(counts); nothing was recorded\n" : "\(counts), recorded at \(recordedAt)\n"
    }
}
