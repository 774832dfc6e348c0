/// The dimensions in which usage stands under `NameRule.overLimitName`: its own tenant, model or region came beyond the
/// day's budget of new names.
///
/// What a filter or a catalogue would say of such a model or region isn't known. The usage is unmapped then, like that
/// of a name that no catalogue has, and belongs to no entity where a scope divides among models.
package struct OverLimitDimensions: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    // Raw values are those that the sums come with.
    package static let tenant = OverLimitDimensions(rawValue: 1 << 0)
    package static let model = OverLimitDimensions(rawValue: 1 << 1)
    package static let region = OverLimitDimensions(rawValue: 1 << 2)
    package static let all: OverLimitDimensions = [.tenant, .model, .region]
}
