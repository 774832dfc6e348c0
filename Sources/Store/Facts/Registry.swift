internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

/// What an import changed.
package struct RegistryChange: Sendable, Equatable {
    /// Entries that now hold and did not before.
    package var asserted = 0
    /// Entries of the file that said what was held already.
    package var unchanged = 0
    /// Earlier entries that were superseded in whole or in part.
    package var superseded = 0
    /// Parts of superseded entries that still hold and were recorded again.
    package var remainders = 0
    /// Tenants that no usage and no entry had named before.
    package var newTenants = 0
    /// When it was recorded: later than every record before. Where nothing changed, the moment of the latest record.
    package var recordedAt: Timestamp

    package init(recordedAt: Timestamp) {
        self.recordedAt = recordedAt
    }
}

/// A registry entry as it is or was held.
package struct RegistryRecord: Sendable, Equatable {
    package var entry: RegistryEntry
    package var recordedAt: Timestamp
    package var recordedBy: String
    /// When a later entry took its place; `nil` while it is held.
    package var supersededAt: Timestamp?
}

extension Store {
    /// Applies entries as a whole, or nothing. New entries supersede what was held for the days that they speak about;
    /// history stays.
    ///
    /// - Throws: ``StoreError`` with `.registryConflict` where entries overlap with each other.
    package func importRegistry(_ entries: [RegistryEntry], by actor: String, now: Timestamp) async throws
        -> RegistryChange
    {
        try await transaction(retry: RetryPolicy(attempts: 5)) {
            try $0.importRegistry(entries, by: actor, now: now)
        }
    }

    /// What is held, or was held at a moment, in order of provider, tenant and date.
    package func exportRegistry(knownAt: Timestamp? = nil, visibility: Visibility) async throws -> [RegistryRecord] {
        try await snapshot {
            try $0.exportRegistry(knownAt: knownAt, visibility: visibility)
        }
    }

    /// Everything that was ever recorded about a tenant, oldest first.
    ///
    /// - Parameters:
    ///   - provider: the tenant's; `nil` for tenants of that name at every provider.
    ///   - knownAt: as it was known then; `nil` for now.
    package func registryHistory(
        tenant: String, provider: String? = nil, knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> [RegistryRecord] {
        try await snapshot {
            try $0.registryHistory(
                tenant: tenant, provider: provider, knownAt: knownAt, visibility: visibility)
        }
    }
}
