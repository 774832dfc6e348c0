internal import ArgumentParser
internal import Glibc
internal import TableReading
internal import UsageModel

@main struct TableReaderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-table-reader",
        abstract: "Reads a table of PostgreSQL for a collector, which starts it by itself.",
        discussion: """
            It lies beside steelyard-collector, so that that one needs no libpq. It reads requests from its standard \
            input, a socket, answers there, and ends when that closes. It writes nothing anywhere.
            """,
        version: SoftwareVersion.text)

    func run() throws {
        // SOCK_STREAM sockets alone answer this; a terminal or a file is somebody who looks what the program does.
        var kind: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &length) == 0 else {
            throw ValidationError("steelyard-collector starts this program by itself, for sources with type: database")
        }
        let channel = TableChannel(descriptor: STDIN_FILENO)
        let reader = TableReader()
        while let request = try channel.receive(TableRequest.self) {
            let (answer, rows) = reader.answer(request)
            try channel.send(answer, rows: rows)
        }
    }
}
