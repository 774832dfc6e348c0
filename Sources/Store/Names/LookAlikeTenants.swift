internal import Postgres
package import Reporting
internal import UsageModel

extension StoreSession {
    /// Names that are read at a time.
    private static let namesPerPage = 20_000

    /// The tenants of a provider, put together by their look. Must run in a snapshot.
    ///
    /// - Returns: the names, and whether all of them were read; `nil` where there is no such provider.
    package func tenantsByLook(of provider: String) throws -> (names: LookAlikeNames, isComplete: Bool)? {
        let found = try connection.query("SELECT provider_id FROM provider WHERE name = $1", [.text(provider)])
        guard let id = try found.first?.decode(0, as: Int16.self) else { return nil }
        var names = LookAlikeNames()
        var last = ""
        while true {
            let page = try connection.query(
                "SELECT name FROM tenant WHERE provider_id = $1 AND name > $2 ORDER BY name LIMIT $3",
                [.int(Int64(id)), .text(last), .int(Self.namesPerPage)])
            if page.isEmpty { return (names, true) }
            for row in page {
                if names.isFull { return (names, false) }
                last = try row.decode(0)
                // It stands for many names and is none.
                if last != NameRule.overLimitName { names.add(last) }
            }
        }
    }
}
