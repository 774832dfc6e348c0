internal import Postgres
internal import Reporting
internal import UsageModel

/// The parameters of one question on the sums, and the conditions that several questions have. Text is made of fixed
/// pieces only; every value is a parameter.
struct SQLParameters {
    private(set) var values: [Parameter] = []

    /// Takes a parameter. - Returns: what stands for it in the text.
    mutating func bind(_ parameter: Parameter) -> String {
        values.append(parameter)
        return "$\(values.count)"
    }

    /// What restricts usage to a caller's visibility; nothing where the caller sees everything.
    mutating func visibility(_ visibility: Visibility) -> [String] {
        guard case .provider(let name) = visibility else { return [] }
        return ["u.provider_id = (SELECT provider_id FROM provider WHERE name = \(bind(.text(name))))"]
    }

    /// What restricts a column to some codes; nothing where there is no filter.
    mutating func codes(_ codes: [UInt8]?, _ column: String) -> [String] {
        guard let codes else { return [] }
        return ["\(column) = ANY(\(bind(.int16Array(codes.map(Int16.init)))))"]
    }
}
