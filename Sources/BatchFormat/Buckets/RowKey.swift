internal import UsageModel

/// Everything of a row's key but its minute, packed into 64 bits in the canonical order of rows.
///
/// Tenant, model and region are whatever integers the table counts by: identifiers while events are summed, ranks among
/// sorted names when rows are put in order. The widths hold any table within `Limits`.
struct RowKey: Sendable, Hashable, Comparable {
    private static let tenantBits: UInt64 = 20
    private static let modelBits: UInt64 = 14
    private static let regionBits: UInt64 = 10
    /// Layer, workload and modality have room for codes that later versions may add.
    private static let codeBits: UInt64 = 6

    let packed: UInt64

    @inline(__always)
    init(tenant: UInt32, model: UInt32, region: UInt32, layer: Layer, workload: Workload, modality: Modality) {
        var packed = UInt64(tenant)
        packed = packed << Self.modelBits | UInt64(model)
        packed = packed << Self.regionBits | UInt64(region)
        packed = packed << Self.codeBits | UInt64(layer.rawValue)
        packed = packed << Self.codeBits | UInt64(workload.rawValue)
        packed = packed << Self.codeBits | UInt64(modality.rawValue)
        self.packed = packed
    }

    /// The same key with other identifiers of its names.
    @inline(__always)
    func named(tenant: UInt32, model: UInt32, region: UInt32) -> RowKey {
        RowKey(tenant: tenant, model: model, region: region, codesOf: self)
    }

    @inline(__always)
    private init(tenant: UInt32, model: UInt32, region: UInt32, codesOf other: RowKey) {
        let names = (UInt64(tenant) << Self.modelBits | UInt64(model)) << Self.regionBits | UInt64(region)
        packed = names << (3 * Self.codeBits) | other.codes
    }

    /// Layer, workload and modality.
    var codes: UInt64 { packed & (1 << (3 * Self.codeBits) - 1) }

    var tenant: UInt32 { UInt32(truncatingIfNeeded: packed >> 42) }
    var model: UInt32 { field(at: 28, bits: Self.modelBits) }
    var region: UInt32 { field(at: 18, bits: Self.regionBits) }
    var layer: Layer { Layer(rawValue: code(at: 12)) ?? .maas }
    var workload: Workload { Workload(rawValue: code(at: 6)) ?? .online }
    var modality: Modality { Modality(rawValue: code(at: 0)) ?? .text }

    /// The bits of tenant, model, region, and of layer, workload and modality together, the highest first.
    static let partMasks: [UInt64] = [
        (1 << tenantBits - 1) << 42, (1 << modelBits - 1) << 28, (1 << regionBits - 1) << 18, 1 << 18 - 1,
    ]

    static func < (left: RowKey, right: RowKey) -> Bool { left.packed < right.packed }

    /// Whether the widths hold what the limits allow: checked once, by a test and by the table.
    static var holdsLimits: Bool {
        Limits.maxTenantsPerBatch <= 1 << tenantBits && Limits.maxModelsPerBatch <= 1 << modelBits
            && Limits.maxRegionsPerBatch <= 1 << regionBits
            && modelBits + regionBits + 3 * codeBits == 42
    }

    private func field(at shift: UInt64, bits: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: packed >> shift & (1 << bits - 1))
    }

    private func code(at shift: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: packed >> shift & (1 << Self.codeBits - 1))
    }
}
