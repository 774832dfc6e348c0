internal import Postgres
internal import UsageModel

/// Which names of a batch, by their place in its dictionaries, were counted under ``NameRule/overLimitName``.
struct OverLimitNames: Equatable {
    var places: [NameDimension: [Int32]] = [:]

    var isEmpty: Bool { places.values.allSatisfy(\.isEmpty) }
}

extension RollupJob {
    /// Notes which names of counted batches have no name in the sums. Must run in the transaction that counts them.
    ///
    /// - Parameter position: the ledger position before the first batch's; the others follow.
    func note(_ names: [BatchNames], after position: Int64) throws {
        for (index, names) in names.enumerated() where !names.overLimit.isEmpty {
            func places(_ dimension: NameDimension) -> Parameter {
                .int32Array(names.overLimit.places[dimension] ?? [])
            }
            try connection.query(
                """
                UPDATE ledger_position SET over_limit_tenants = $2, over_limit_models = $3, over_limit_regions = $4
                 WHERE position = $1
                """,
                [.int(position + Int64(index) + 1), places(.tenant), places(.model), places(.region)])
        }
    }

    /// Which names of batches were counted without a name; nothing for those that have none.
    func overLimitNames(at positions: [Int64]) throws -> [Int64: OverLimitNames] {
        var found: [Int64: OverLimitNames] = [:]
        for dimension in NameDimension.allCases {
            let rows = try connection.query(
                """
                SELECT position, unnest(over_limit_\(dimension.word)s) FROM ledger_position
                 WHERE position = ANY($1) AND over_limit_\(dimension.word)s IS NOT NULL
                """, [.int64Array(positions)])
            for row in rows {
                found[try row.decode(0), default: .init()].places[dimension, default: []].append(try row.decode(1))
            }
        }
        return found
    }
}
