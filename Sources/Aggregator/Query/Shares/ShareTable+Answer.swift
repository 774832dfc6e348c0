internal import Scopes
internal import TextFormats

/// How the questions about scopes write their figures.
enum FigureFormat {
    /// Decimals of multiples: how many times one figure another is.
    static let multipleDecimals = 4
    /// Decimals of the Herfindahl–Hirschman index.
    static let indexDecimals = 2
    /// Decimals of the percentages of coverage.
    static let coverageDecimals = 2
}

extension ShareTable {
    // MARK: The interval of a share, for what nobody has classified

    static let intervalColumns = ["interval_if_all", "interval_lowest", "interval_highest"]

    private func intervalPercents(of row: Row, published: String?) -> [String?] {
        let percents = interval(of: row).percents(published: published, decimals: scope.precision)
        return [percents.ifAll, percents.lowest, percents.highest]
    }

    /// The share if everything unclassified were external customers', and the bounds of what it could be.
    ///
    /// - Parameter published: the row's own share, as it is published.
    func intervalJSON(of row: Row, published: String?) -> JSONValue {
        let percents = intervalPercents(of: row, published: published)
        return .object(zip(["if_all", "lowest", "highest"], percents).map { JSONMember($0, .optional($1)) })
    }

    func intervalCells(of row: Row, published: String?) -> [CSVCell] {
        intervalPercents(of: row, published: published).map { CSVCell($0) }
    }
}

extension CSVCell {
    /// A number, or an empty cell where there is none.
    init(_ number: String?) {
        self = number.map { .number($0) } ?? .empty
    }
}

extension JSONValue {
    /// An integer that may be missing.
    static func optional(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
}

extension Scope {
    /// Id, version and digest, as they stand in each line of CSV.
    var nameCells: [CSVCell] { [.text(id), .count(version), .text(digest)] }
    static let nameColumns = ["scope", "scope_version", "scope_sha256"]

    /// What the scope's figures are, beside its name.
    var figureMembers: [JSONMember] {
        [
            JSONMember("measure", .string(measure.rawValue)), JSONMember("currency", .optional(currency)),
            JSONMember("aggregate", .string(aggregate.rawValue)), JSONMember("zone", .string(zone)),
        ]
    }
}

extension Period {
    /// The period by its dates, where no single zone says when they begin.
    var datesJSON: JSONValue {
        [
            "name": .string(description), "from": .string("\(from)"), "to": .string("\(to)"),
            "days": .integer(Int64(dayCount)),
        ]
    }
}

extension LocalizedText {
    var json: JSONValue { ["en": .string(en), "zh": .string(zh)] }
}
