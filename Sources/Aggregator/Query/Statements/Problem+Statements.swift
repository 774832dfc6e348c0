internal import APIModel
internal import HTTPSupport
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats

extension Problem {
    /// Why a month isn't closed: 403 where the caller can't be the one, 409 where the month's state is in the way.
    static func statement(_ refusal: StatementRefusal) -> Problem {
        switch refusal.code {
        case .samePerson, .mintsTokens, .mintedByOther: .forbidden(refusal.message, code: refusal.code.rawValue)
        case .exists: conflict(refusal, title: "The month is closed or proposed under the scope")
        case .decided: conflict(refusal, title: "The statement was decided on before")
        case .coverageShort:
            conflict(
                refusal, title: "The month's coverage is short",
                extensions: JSONMember("shortcomings", .encoded(refusal.shortcomings.map { Shortcoming($0) })))
        case .figuresChanged:
            conflict(
                refusal, title: "The figures changed since they were proposed",
                extensions: JSONMember("changes", .encoded(changes(refusal.changes))))
        }
    }

    private static func conflict(
        _ refusal: StatementRefusal, title: String, extensions: JSONMember...
    ) -> Problem {
        Problem(
            status: 409, code: refusal.code.rawValue, title: title, detail: refusal.message, extensions: extensions)
    }

    private static func changes(_ restatement: Restatement?) -> [RestatedRow] {
        guard let restatement else { return [] }
        return (restatement.rows.filter { !$0.isUnchanged } + [restatement.total]).map {
            RestatedRow($0, in: restatement)
        }
    }
}
