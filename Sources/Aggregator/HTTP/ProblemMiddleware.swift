internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Telemetry

/// Turns whatever a route throws into problem details, so that no other kind of error ever leaves the server.
///
/// Outermost of all: also for paths that don't exist and methods that a path doesn't have.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    /// Path patterns and their methods, for 404 and 405.
    let routes: RouteTable
    let metrics: RequestMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = problem.response
            context.logger.debug("request refused", [.status: "\(problem.status)", .code: "\(problem.code)"])
        } catch let error as HTTPError where error.status == .notFound {
            response = missing(request).response
        } catch let error as HTTPParserError {
            // The bytes are no HTTP: the server below answers 400 and closes.
            throw error
        } catch is NIOTooManyBytesError {
            response = Problem.contentTooLarge(limitBytes: APILimits.maxFactsBodyBytes).response
        } catch let error {
            response = failure(error, context: context).response
        }
        metrics.record(
            route: context.endpointPath ?? "other", status: Int(response.status.code),
            duration: ContinuousClock.now - start)
        return response
    }

    private func missing(_ request: Request) -> Problem {
        let methods = routes.methods(at: request.uri.path)
        return methods.isEmpty ? .notFound("This server has no such path.") : .methodNotAllowed(allow: methods)
    }

    private func failure(_ error: any Error, context: Context) -> Problem {
        if let problem = Problem(cause: error) {
            context.logger.warning("request failed for now", [.error: "\(error)", .code: "\(problem.code)"])
            return problem
        }
        context.logger.error("request failed", [.error: "\(error)"])
        return .internalError
    }
}
