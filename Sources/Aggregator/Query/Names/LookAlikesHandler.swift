internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Reporting
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/tenants/look-alikes`.
struct LookAlikesHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["provider"])
        let format = try request.format([.json, .csv])
        let provider = try caller.provider ?? parameters.required("provider", hint: "whose tenants to compare")
        try caller.checkProviders(parameters["provider"].map { [$0] })
        let found = try await dependencies.questions(of: caller).snapshot { try $0.tenantsByLook(of: provider) }
        guard let found else {
            throw Problem(
                status: 404, code: "unknown-provider", title: "There is no such provider",
                detail: "provider: nothing was ever counted or registered for \"\(provider.prefix(64))\".",
                extensions: [JSONMember("parameter", "provider")])
        }
        return APIResponse(LookAlikesResponse(of: provider, found.names, isComplete: found.isComplete), as: format)
    }
}

extension LookAlikesResponse {
    fileprivate init(of provider: String, _ names: LookAlikeNames, isComplete: Bool) {
        self.init()
        var names = names
        let (groups, isListed) = names.groups()
        self.provider = provider
        examined = names.count
        complete = isComplete && isListed
        rows = groups.enumerated().flatMap { place, group in
            group.map { name in
                LookAlikeRow {
                    $0.group = place + 1
                    $0.tenant = name
                    $0.escaped = name.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
                }
            }
        }
    }
}
