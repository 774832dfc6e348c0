package import UsageModel

/// What a row of a segment is keyed by, packed into 128 bits whose order is the order of the rows: tenant, model,
/// region, layer, workload, modality, whether the counts are estimated, minute of the hour. Names are the ids of the
/// database.
package struct SegmentKey: Sendable, Hashable, Comparable {
    private static let minuteBits: UInt128 = 6
    private static let estimatedBits: UInt128 = 1
    private static let modalityBits: UInt128 = 3
    private static let workloadBits: UInt128 = 2
    private static let layerBits: UInt128 = 3
    private static let regionBits: UInt128 = 28
    private static let modelBits: UInt128 = 28

    /// Bits of an id of a tenant: what its sequence in the database ends at.
    package static let tenantBits: UInt128 = 40
    /// The first id of a model or a region that no key can hold.
    static let idBound: Int64 = 1 << 28
    /// The first id of a tenant that no key can hold.
    static let tenantBound: Int64 = 1 << 40

    private static let estimatedShift = minuteBits
    private static let modalityShift = estimatedShift + estimatedBits
    private static let workloadShift = modalityShift + modalityBits
    private static let layerShift = workloadShift + workloadBits
    private static let regionShift = layerShift + layerBits
    private static let modelShift = regionShift + regionBits
    static let tenantShift = modelShift + modelBits
    /// Where a combination begins in a key.
    static let combinationShift = estimatedShift

    package let packed: UInt128

    @inline(__always)
    init(packed: UInt128) {
        self.packed = packed
    }

    /// - Parameters:
    ///   - tenant: 0 where rows aren't told apart by tenant; so are model and region.
    ///   - minute: of the hour, from 0 to 59; 0 where rows aren't told apart by minute.
    /// - Precondition: ids and the minute fit: see ``tenantBits``.
    package init(
        tenant: Int64, model: Int32 = 0, region: Int32 = 0, layer: Layer? = nil, workload: Workload? = nil,
        modality: Modality? = nil, isEstimated: Bool = false, minute: Int = 0
    ) {
        precondition(
            (0..<Self.tenantBound).contains(tenant) && (0..<Self.idBound).contains(Int64(model))
                && (0..<Self.idBound).contains(Int64(region)) && (0..<60).contains(minute),
            "tenant \(tenant), model \(model), region \(region), minute \(minute) don't fit the key of a segment's row")
        var packed = UInt128(truncatingIfNeeded: tenant) << Self.tenantShift
        packed |= UInt128(truncatingIfNeeded: model) << Self.modelShift
        packed |= UInt128(truncatingIfNeeded: region) << Self.regionShift
        packed |= UInt128(layer?.rawValue ?? 0) << Self.layerShift
        packed |= UInt128(workload?.rawValue ?? 0) << Self.workloadShift
        packed |= UInt128(modality?.rawValue ?? 0) << Self.modalityShift
        packed |= UInt128(isEstimated ? 1 : 0) << Self.estimatedShift
        self.packed = packed | UInt128(truncatingIfNeeded: minute)
    }

    package var tenant: Int64 { Int64(truncatingIfNeeded: packed >> Self.tenantShift) }
    package var model: Int32 { Int32(truncatingIfNeeded: field(at: Self.modelShift, bits: Self.modelBits)) }
    package var region: Int32 { Int32(truncatingIfNeeded: field(at: Self.regionShift, bits: Self.regionBits)) }
    /// `nil` where rows aren't told apart by it; so are workload and modality.
    package var layer: Layer? { Layer(rawValue: code(at: Self.layerShift, bits: Self.layerBits)) }
    package var workload: Workload? { Workload(rawValue: code(at: Self.workloadShift, bits: Self.workloadBits)) }
    package var modality: Modality? { Modality(rawValue: code(at: Self.modalityShift, bits: Self.modalityBits)) }
    /// Whether the counts are somebody's estimate.
    package var isEstimated: Bool { field(at: Self.estimatedShift, bits: Self.estimatedBits) == 1 }
    /// Of the hour.
    package var minute: Int { Int(truncatingIfNeeded: field(at: 0, bits: Self.minuteBits)) }

    package static func < (left: SegmentKey, right: SegmentKey) -> Bool { left.packed < right.packed }

    private func code(at shift: UInt128, bits: UInt128) -> UInt8 {
        UInt8(truncatingIfNeeded: field(at: shift, bits: bits))
    }

    private func field(at shift: UInt128, bits: UInt128) -> UInt128 { packed >> shift & (1 << bits - 1) }
}

extension SegmentKey {
    /// Parts of keys: what rows are told apart by.
    package struct Parts: OptionSet, Sendable {
        /// The bits that the parts take in a key.
        package let rawValue: UInt128

        package init(rawValue: UInt128) {
            self.rawValue = rawValue
        }

        private init(at shift: UInt128, bits: UInt128) {
            self.init(rawValue: (1 << bits - 1) << shift)
        }

        package static let tenant = Parts(at: tenantShift, bits: tenantBits)
        package static let model = Parts(at: modelShift, bits: modelBits)
        package static let region = Parts(at: regionShift, bits: regionBits)
        package static let layer = Parts(at: layerShift, bits: layerBits)
        package static let workload = Parts(at: workloadShift, bits: workloadBits)
        package static let modality = Parts(at: modalityShift, bits: modalityBits)
        /// Whether the counts are somebody's estimate.
        package static let estimated = Parts(at: estimatedShift, bits: estimatedBits)
        package static let minute = Parts(at: 0, bits: minuteBits)
    }

    /// The key with some of its parts; the others are 0.
    @inline(__always)
    package func keeping(_ parts: Parts) -> SegmentKey { SegmentKey(packed: packed & parts.rawValue) }

    /// The key with a number in the place of the tenant's id.
    ///
    /// - Precondition: the number fits: see ``tenantBits``.
    @inline(__always)
    package func replacingTenant(with number: Int64) -> SegmentKey {
        precondition((0..<Self.tenantBound).contains(number), "\(number) doesn't fit the key of a segment's row")
        return SegmentKey(
            packed: packed & ~Parts.tenant.rawValue | UInt128(truncatingIfNeeded: number) << Self.tenantShift)
    }

    /// The key without its minute.
    package var wholeHour: SegmentKey { SegmentKey(packed: packed & ~(1 << Self.minuteBits - 1)) }

    /// The key as it is of counts that nobody estimated.
    package var unflagged: SegmentKey { SegmentKey(packed: packed & ~(1 << Self.estimatedShift)) }

    /// The key with another minute of the hour, from 0 to 59.
    package func at(minute: Int) -> SegmentKey { SegmentKey(packed: wholeHour.packed | UInt128(minute)) }

    /// The key without tenant and minute: what a segment has in a dictionary.
    var combination: UInt128 { packed >> Self.estimatedShift & (1 << (Self.tenantShift - Self.estimatedShift) - 1) }

    /// Whether the key tells a model and estimates apart, and nothing else but its tenant and minute.
    func has(model: Int32) -> Bool {
        combination == SegmentKey(tenant: 0, model: model, isEstimated: isEstimated).combination
    }

    /// The parts of a combination as columns hold them.
    struct Combination: Equatable {
        var model: Int64
        var region: Int64
        /// Layer, workload, modality and whether it is estimated, in the bits of the key.
        var traits: Int64

        static let traitsBound: Int64 = 1 << Int64(SegmentKey.regionShift - SegmentKey.estimatedShift)

        init(_ combination: UInt128) {
            let shift = SegmentKey.estimatedShift
            traits = Int64(truncatingIfNeeded: combination & UInt128(Self.traitsBound - 1))
            region = Int64(truncatingIfNeeded: combination >> (SegmentKey.regionShift - shift) & UInt128(idBound - 1))
            model = Int64(truncatingIfNeeded: combination >> (SegmentKey.modelShift - shift))
        }

        init(model: Int64, region: Int64, traits: Int64) {
            self.model = model
            self.region = region
            self.traits = traits
        }

        var packed: UInt128 {
            let shift = SegmentKey.estimatedShift
            return UInt128(truncatingIfNeeded: model) << (SegmentKey.modelShift - shift)
                | UInt128(truncatingIfNeeded: region) << (SegmentKey.regionShift - shift)
                | UInt128(truncatingIfNeeded: traits)
        }

        /// Whether every part is in range, and layer, workload and modality are codes that there are, or 0.
        var isValid: Bool {
            guard (0..<idBound).contains(model), (0..<idBound).contains(region),
                (0..<Self.traitsBound).contains(traits)
            else { return false }
            let key = SegmentKey(packed: packed << SegmentKey.estimatedShift)
            func isKnown(_ value: Bool, shift: UInt128, bits: UInt128) -> Bool {
                value || key.code(at: shift, bits: bits) == 0
            }
            return isKnown(key.layer != nil, shift: layerShift, bits: layerBits)
                && isKnown(key.workload != nil, shift: workloadShift, bits: workloadBits)
                && isKnown(key.modality != nil, shift: modalityShift, bits: modalityBits)
        }
    }
}
