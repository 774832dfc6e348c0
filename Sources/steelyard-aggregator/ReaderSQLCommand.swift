internal import Aggregator
internal import ArgumentParser
internal import Store

struct ReaderSQL: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reader-sql",
        abstract: "Print the SQL that makes the login of questions, for an administrator of the database.",
        discussion: """
            Where the owner's login may make roles, `migrate` makes it itself. Run the SQL in the database, give the login \
            a password, then run `migrate`, which grants it what it may read.
            """)

    @Option(help: "The database.")
    var database = "steelyard"

    @Option(help: "The login of database.url, which owns the tables.")
    var owner = "steelyard"

    @Option(help: "The schema that the tables are in.")
    var schema = "public"

    @Option(help: "The login to make; another name than steelyard_reader becomes a member of that.")
    var login = ReaderLogin.role

    func run() throws {
        print(ReaderLogin(login: login, database: database, owner: owner, schema: schema).sql)
    }
}
