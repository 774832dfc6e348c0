/// How the call was served. Raw values are the codes on the wire and in the database; they never change meaning.
package enum Layer: UInt8, Sendable, CaseIterable {
    case maas = 1
    case paas = 2
    case iaas = 3
    case onPremises = 4

    /// The name in events, configuration, queries and exports.
    package var name: String {
        switch self {
        case .maas: "maas"
        case .paas: "paas"
        case .iaas: "iaas"
        case .onPremises: "on-premises"
        }
    }

    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// Whether somebody waits for the answer. Raw values are wire and database codes.
package enum Workload: UInt8, Sendable, CaseIterable {
    case online = 1
    case batch = 2

    package var name: String {
        switch self {
        case .online: "online"
        case .batch: "batch"
        }
    }

    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// What the tokens encode. Raw values are wire and database codes.
package enum Modality: UInt8, Sendable, CaseIterable {
    case text = 1
    case image = 2
    case audio = 3
    case video = 4
    case embedding = 5

    package var name: String {
        switch self {
        case .text: "text"
        case .image: "image"
        case .audio: "audio"
        case .video: "video"
        case .embedding: "embedding"
        }
    }

    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// What a tenant is to its provider, as somebody with the right to has said, with a reason.
///
/// A tenant without such a statement for a date is `unclassified` on it, and is never counted as external.
/// Raw values are database codes.
package enum TenantKind: UInt8, Sendable, CaseIterable {
    case unclassified = 0
    case externalCustomer = 1
    case ownBusiness = 2
    case affiliate = 3
    case trial = 4
    case test = 5

    package var name: String {
        switch self {
        case .unclassified: "unclassified"
        case .externalCustomer: "external-customer"
        case .ownBusiness: "own-business"
        case .affiliate: "affiliate"
        case .trial: "trial"
        case .test: "test"
        }
    }

    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
