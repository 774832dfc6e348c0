internal import Settings
internal import TableReading
internal import UsageModel

/// The settings of a source that reads a table of a database.
struct DatabaseKeys: SettingKeys {
    let url = Setting(
        "database.url", optional: .text, absent: "required for `database`", reload: .byEntry,
        """
        libpq connection string or `postgresql://` URI without a password, with libpq's settings of TLS \
        (`sslmode=verify-full sslrootcert=…`)
        """)
    let passwordFile = Setting(
        "database.passfile", optional: .path, absent: "libpq's own", reload: .byEntry,
        "libpq password file (`host:port:database:user:password`), mode 0600")
    let table = Setting(
        "database.table", type: .text, default: TableDialect.defaultTable, reload: .byEntry,
        "The table, with its schema where the user's search path doesn't find it (`public.logs`)")
    let interval = Setting(
        "database.interval", type: .duration(.milliseconds(100) ... .hours(1)), default: .seconds(5), reload: .byEntry,
        "How often the table is asked for new rows once all were read")
    let timeout = Setting(
        "database.timeout", type: .duration(.seconds(1) ... .minutes(10)), default: .seconds(30), reload: .byEntry,
        "How long a statement may take")
    let afterID = Setting(
        "database.after-id", type: .count(0...Int.max, of: "id"), default: 0, reload: .byEntry,
        "Where reading begins: behind the row of this id. Once rows were read under `database.numbering`, it does nothing"
    )
    let numbering = Setting(
        "database.numbering", type: .identifier(maxBytes: Self.maxNumberingBytes), default: "first", reload: .byEntry,
        """
        A word for the table's ids as they are numbered now. A new word makes the collector forget how far it had read, \
        and begin behind `database.after-id`: after a restore, say. Rows behind that id count, whether they were \
        counted before or not
        """)

    /// The most bytes of the word.
    static let maxNumberingBytes = 64
}
