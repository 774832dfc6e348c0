package import HTTPTypes
package import Hummingbird
internal import Logging
internal import NIOHTTP1
internal import Telemetry

/// A request that was answered, for metrics. The route is a pattern and never what the client sent.
package struct AnsweredRequest: Sendable {
    package var route: String
    package var status: HTTPResponse.Status
    package var duration: Duration
}

/// Turns whatever a route throws into problem details, so that no other kind of error ever leaves the server.
///
/// Outermost of all: also for paths that don't exist and methods that a path doesn't have.
package struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    private let routes: RouteTable
    private let unknownPath: Problem
    private let problem: @Sendable (any Error) -> Problem?
    private let answered: @Sendable (AnsweredRequest) -> Void
    private let failures = LineLimiter()

    /// - Parameters:
    ///   - routes: path patterns and their methods, for 404 and 405.
    ///   - unknownPath: the answer where there is no such path.
    ///   - problem: what an error looks like to a client; `nil` for what should never reach one, which is logged and
    ///     answered as 500. A ``Problem`` that was thrown doesn't come here.
    ///   - answered: is told of each request.
    package init(
        routes: RouteTable, unknownPath: Problem = .notFound("This server has no such path."),
        problem: @escaping @Sendable (any Error) -> Problem? = { _ in nil },
        answered: @escaping @Sendable (AnsweredRequest) -> Void = { _ in }
    ) {
        self.routes = routes
        self.unknownPath = unknownPath
        self.problem = problem
        self.answered = answered
    }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = problem.response
            context.logger.debug("request refused", [.status: "\(problem.status)", .code: "\(problem.code)"])
        } catch let error as any HTTPResponseError {
            response = refusal(error.status, of: request).response
        } catch let error as HTTPParserError {
            // The bytes are no HTTP: the server below answers 400 and closes.
            throw error
        } catch {
            response = failure(error, context: context).response
        }
        answered(
            AnsweredRequest(
                route: context.endpointPath ?? "other", status: response.status,
                duration: ContinuousClock.now - start))
        return response
    }

    /// What the router itself refuses.
    private func refusal(_ status: HTTPResponse.Status, of request: Request) -> Problem {
        guard status == .notFound else {
            return Problem(
                status: status.code, code: "http-\(status.code)", title: "The request was refused",
                detail: "\(status.reasonPhrase).")
        }
        let methods = routes.methods(at: request.uri.path)
        return methods.isEmpty ? unknownPath : .methodNotAllowed(allow: methods)
    }

    private func failure(_ error: any Error, context: Context) -> Problem {
        if let problem = problem(error) {
            if let heldBack = failures.admits(problem.code) {
                context.logger.warning(
                    "request failed for now",
                    [.error: "\(error)", .code: "\(problem.code)", .heldBack: "\(heldBack)"])
            }
            return problem
        }
        context.logger.error("request failed", [.error: "\(error)"])
        return .internalError
    }
}
