internal import TextFormats
internal import UsageModel

extension Scope {
    /// What a scope adds up: one value with everything that is particular to it. A measure more is an entry of
    /// ``allCases``; one that is neither counted from usage rows nor in money also needs a place that computes it
    /// (``ScopeEvaluator``).
    package struct Measure: Sendable, RawRepresentable, CaseIterable {
        /// Where amounts come from.
        package enum Source: Sendable, Hashable {
            /// Every row of usage has an amount of its own; see ``Measure/amount``.
            case usage
            /// Revenue records, and where there are none, tokens at the price in force.
            case revenue
            /// Records of tenders, by provider and month.
            case tenders
        }

        /// What amounts are counted in.
        package enum Unit: Sendable, Hashable {
            /// Whole things, by the word that ``ReferenceTotal/Unit`` has for them.
            case count(of: String)
            /// A currency, which the scope names.
            case money
        }

        /// The word in scope files, answers and canonical forms.
        package let rawValue: String
        package let unit: Unit
        package let source: Source
        /// What one row of usage counts, where ``source`` is usage.
        let amount: @Sendable (SignedTokenCounts) -> Int128
        /// What is counted, inside a sentence.
        private let phrase: LocalizedText
        /// The heading over sums.
        private let sumHeading: LocalizedText
        /// The heading over averages per day.
        private let dailyHeading: LocalizedText

        private init(
            _ rawValue: String, unit: Unit, source: Source, phrase: LocalizedText, sumHeading: LocalizedText,
            dailyHeading: LocalizedText, amount: @escaping @Sendable (SignedTokenCounts) -> Int128 = { _ in 0 }
        ) {
            self.rawValue = rawValue
            self.unit = unit
            self.source = source
            self.amount = amount
            self.phrase = phrase
            self.sumHeading = sumHeading
            self.dailyHeading = dailyHeading
        }

        package init?(rawValue: String) {
            guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = known
        }

        // MARK: The measures

        /// All measures, in the order in which messages list them.
        package static let allCases: [Measure] = [tokens, requests, revenue, tenderCount, tenderAmount]

        /// Input plus output tokens.
        package static let tokens = Measure(
            "tokens", unit: .count(of: "tokens"), source: .usage,
            phrase: LocalizedText(en: "input and output tokens", zh: "输入与输出 Tokens"),
            sumHeading: LocalizedText(en: "Tokens counted", zh: "计入 Token"),
            dailyHeading: LocalizedText(en: "Tokens a day", zh: "日均 Token"), amount: { $0.total })
        /// Calls.
        package static let requests = Measure(
            "requests", unit: .count(of: "requests"), source: .usage,
            phrase: LocalizedText(en: "calls", zh: "调用次数"),
            sumHeading: LocalizedText(en: "Requests counted", zh: "计入请求数"),
            dailyHeading: LocalizedText(en: "Requests a day", zh: "日均请求数"), amount: { $0.requests })
        /// What customers paid.
        package static let revenue = Measure(
            "revenue", unit: .money, source: .revenue, phrase: LocalizedText(en: "revenue", zh: "收入"),
            sumHeading: LocalizedText(en: "Revenue counted", zh: "计入收入"),
            dailyHeading: LocalizedText(en: "Revenue a day", zh: "日均收入"))
        /// Tenders won.
        package static let tenderCount = Measure(
            "tender-count", unit: .count(of: "tenders"), source: .tenders,
            phrase: LocalizedText(en: "the number of tenders won", zh: "中标项目数"),
            sumHeading: LocalizedText(en: "Tenders counted", zh: "计入中标数"),
            dailyHeading: LocalizedText(en: "Tenders a day", zh: "日均中标数"))
        /// What the tenders that were won are worth.
        package static let tenderAmount = Measure(
            "tender-amount", unit: .money, source: .tenders,
            phrase: LocalizedText(en: "the amount of tenders won", zh: "中标金额"),
            sumHeading: LocalizedText(en: "Amount counted", zh: "计入中标金额"),
            dailyHeading: LocalizedText(en: "Amount a day", zh: "日均中标金额"))

        // MARK: Words

        /// What is counted, inside a sentence: `revenue in CNY`.
        func phrase(in currency: String?) -> LocalizedText {
            guard unit == .money else { return phrase }
            return LocalizedText(en: "\(phrase.en) in \(currency ?? "")", zh: "\(phrase.zh)（\(currency ?? "")）")
        }

        /// The heading over published figures: `Tokens counted`, `Revenue a day, CNY`.
        package func heading(_ aggregate: Aggregate, in currency: String?) -> LocalizedText {
            let heading =
                switch aggregate {
                case .sum: sumHeading
                case .dailyAverage: dailyHeading
                }
            guard unit == .money else { return heading }
            return LocalizedText(en: "\(heading.en), \(currency ?? "")", zh: "\(heading.zh)（\(currency ?? "")）")
        }

        /// An amount as text: counts in digits; money, which tables hold in units of 10^-20, as an exact decimal with
        /// at least two decimals.
        package func text(of amount: UInt128) -> String {
            switch unit {
            case .count: String(amount)
            case .money: DecimalText.trimmed(amount, decimals: Money.tableDecimals, atLeast: Money.writtenDecimals)
            }
        }

        /// An amount that may be below 0, with its sign.
        package func text(of amount: Int128) -> String { DecimalText.signed(amount, text(of:)) }
    }
}

extension Scope.Measure: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension Scope.Measure.Source {
    /// The fact without which nothing comes from the source.
    var fact: ScopeFact? {
        switch self {
        case .usage: nil
        case .revenue: .revenueRecords
        case .tenders: .tenderRecords
        }
    }

    /// The filters that can be applied to what comes from the source.
    var filters: [ScopeFilter] {
        switch self {
        case .usage, .revenue: ScopeFilter.all
        case .tenders: [.providers]
        }
    }

    /// What amounts from the source can be divided among.
    var entities: [Scope.Entity] {
        switch self {
        case .usage, .revenue: Scope.Entity.allCases
        case .tenders: [.provider]
        }
    }
}

extension Scope {
    /// Whether anything is counted from the ledger of usage.
    package var countsUsage: Bool { measure.source != .tenders }

    /// What the figures are counted in: the measure, and for money its currency, as in `revenue CNY`.
    package var unit: String { currency.map { "\(measure.rawValue) \($0)" } ?? measure.rawValue }

    /// The unit that a published total must have to be divided by: `tokens`, `tenders`, `CNY`.
    var publishedUnit: String {
        switch measure.unit {
        case .count(let word): word
        case .money: currency ?? measure.rawValue
        }
    }

    /// Whether a published total of this unit can be divided by what the scope measures.
    func measures(_ unit: ReferenceTotal.Unit) -> Bool {
        switch measure.unit {
        case .count(let word): unit == .count(of: word) || unit == .dailyCount(of: word)
        case .money: unit == currency.map(ReferenceTotal.Unit.currency)
        }
    }
}
