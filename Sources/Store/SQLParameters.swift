internal import Postgres
internal import Usage

/// The parameters of one question on the sums, and the conditions that several questions have. Text is made of fixed
/// pieces only; every value is a parameter.
struct SQLParameters {
    private(set) var values: [Parameter] = []

    /// Takes a parameter. - Returns: what stands for it in the text.
    mutating func bind(_ parameter: Parameter) -> String {
        values.append(parameter)
        return "$\(values.count)"
    }

    /// What confines usage to a caller's sight; nothing where the caller sees everything.
    mutating func sight(_ sight: Sight) -> [String] {
        guard case .provider(let name) = sight else { return [] }
        return ["u.provider_id = (SELECT provider_id FROM provider WHERE name = \(bind(.text(name))))"]
    }

    /// What confines a column to some codes; nothing where there is no filter.
    mutating func codes(_ codes: [UInt8]?, _ column: String) -> [String] {
        guard let codes else { return [] }
        return ["\(column) = ANY(\(bind(.int16Array(codes.map(Int16.init)))))"]
    }
}
