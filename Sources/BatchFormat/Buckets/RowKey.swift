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
    /// Whether the counts are estimated, and whether they are taken back. What is counted and what is taken back are
    /// rows of their own: see `Protocols/README.md`.
    private static let flagBits: UInt64 = 2

    /// Where the parts stand, counted from the lowest bit.
    private static let modalityShift = flagBits
    private static let workloadShift = modalityShift + codeBits
    private static let layerShift = workloadShift + codeBits
    private static let regionShift = layerShift + codeBits
    private static let modelShift = regionShift + regionBits
    private static let tenantShift = modelShift + modelBits

    let packed: UInt64

    /// - Parameters:
    ///   - tenant: the number of the event's tenant; likewise of its model and region.
    @inline(__always)
    init(of event: borrowing UsageEvent, tenant: UInt32, model: UInt32, region: UInt32) {
        self.init(
            tenant: tenant, model: model, region: region, layer: event.layer, workload: event.workload,
            modality: event.modality,
            flags: UsageFlags(isEstimated: event.isEstimated, isTakenBack: event.isTakenBack))
    }

    /// - Parameters:
    ///   - tenant: the number of the row's tenant; likewise of its model and region.
    @inline(__always)
    init(of row: UsageRow, tenant: UInt32, model: UInt32, region: UInt32) {
        self.init(
            tenant: tenant, model: model, region: region, layer: row.layer, workload: row.workload,
            modality: row.modality, flags: row.flags)
    }

    @inline(__always)
    init(
        tenant: UInt32, model: UInt32, region: UInt32, layer: Layer, workload: Workload, modality: Modality,
        flags: UsageFlags
    ) {
        var packed = UInt64(tenant)
        packed = packed << Self.modelBits | UInt64(model)
        packed = packed << Self.regionBits | UInt64(region)
        packed = packed << Self.codeBits | UInt64(layer.rawValue)
        packed = packed << Self.codeBits | UInt64(workload.rawValue)
        packed = packed << Self.codeBits | UInt64(modality.rawValue)
        packed = packed << Self.flagBits | UInt64(flags.rawValue)
        self.packed = packed
    }

    /// The same key with another identifier of its tenant.
    @inline(__always)
    func named(tenant: UInt32) -> RowKey {
        RowKey(packed: UInt64(tenant) << Self.tenantShift | packed & (1 << Self.tenantShift - 1))
    }

    /// The same key with other identifiers of its names.
    @inline(__always)
    func named(tenant: UInt32, model: UInt32, region: UInt32) -> RowKey {
        RowKey(tenant: tenant, model: model, region: region, codesOf: self)
    }

    /// The same key with other flags.
    func flagged(_ flags: UsageFlags) -> RowKey {
        RowKey(packed: packed & ~(1 << Self.flagBits - 1) | UInt64(flags.rawValue))
    }

    @inline(__always)
    private init(packed: UInt64) { self.packed = packed }

    @inline(__always)
    private init(tenant: UInt32, model: UInt32, region: UInt32, codesOf other: RowKey) {
        let names = (UInt64(tenant) << Self.modelBits | UInt64(model)) << Self.regionBits | UInt64(region)
        packed = names << Self.regionShift | other.packed & (1 << Self.regionShift - 1)
    }

    var tenant: UInt32 { UInt32(truncatingIfNeeded: packed >> Self.tenantShift) }
    var model: UInt32 { field(at: Self.modelShift, bits: Self.modelBits) }
    var region: UInt32 { field(at: Self.regionShift, bits: Self.regionBits) }
    var layer: Layer { Layer(rawValue: code(at: Self.layerShift)) ?? .maas }
    var workload: Workload { Workload(rawValue: code(at: Self.workloadShift)) ?? .online }
    var modality: Modality { Modality(rawValue: code(at: Self.modalityShift)) ?? .text }
    var flags: UsageFlags { UsageFlags(rawValue: UInt8(truncatingIfNeeded: packed & (1 << Self.flagBits - 1))) }

    /// The bits of tenant, model, region, of layer, workload and modality together, and of the flags, highest first.
    static let partMasks: [UInt64] = [
        (1 << tenantBits - 1) << tenantShift, (1 << modelBits - 1) << modelShift,
        (1 << regionBits - 1) << regionShift, (1 << (3 * codeBits) - 1) << modalityShift, 1 << flagBits - 1,
    ]

    static func < (left: RowKey, right: RowKey) -> Bool { left.packed < right.packed }

    /// Whether the widths hold what the limits allow: checked once, by a test and by the table.
    static var holdsLimits: Bool {
        Limits.maxTenantsPerBatch <= 1 << tenantBits && Limits.maxModelsPerBatch <= 1 << modelBits
            && Limits.maxRegionsPerBatch <= 1 << regionBits
            && UsageFlags.all.rawValue < 1 << flagBits && tenantShift + tenantBits <= 64
    }

    private func field(at shift: UInt64, bits: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: packed >> shift & (1 << bits - 1))
    }

    private func code(at shift: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: packed >> shift & (1 << Self.codeBits - 1))
    }
}
