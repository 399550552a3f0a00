import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import NIOCore

/// The sandbox on a loopback socket.
enum SandboxServer {
    /// Requests to the API are small; what is larger is a mistake.
    private static let bodyLimit = 1 << 20

    /// The application, ready to run. `whenListening` gets the port.
    static func application(
        _ sandbox: Sandbox,
        host: String,
        port: Int,
        whenListening: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        var logger = Logger(label: "quartile-sandbox") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        return Application(
            router: router(sandbox),
            server: .http1(configuration: .init(additionalChannelHandlers: [ServerDateHandler()])),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), backlog: 4096),
            onServerRunning: { await whenListening($0.localAddress?.port ?? port) },
            logger: logger
        )
    }

    private static func router(_ sandbox: Sandbox) -> Router<SandboxContext> {
        let router = Router(context: SandboxContext.self)
        let carrier = Carrier(sandbox: sandbox)
        for endpoint in Endpoint.posts {
            router.post(RouterPath(endpoint.path)) { request, context in
                let body = try await request.body.collect(upTo: bodyLimit)
                return try await carrier.carry(authRequest(endpoint, request, body), on: context.channel)
            }
        }
        router.get(RouterPath(Endpoint.status.path)) { request, context in
            let key = request.uri.queryParameters["subscription-key"].map(String.init)
            let status = AuthRequest(
                endpoint: .status,
                line: "GET \(request.uri.path)",
                subscriptionKey: key,
                content: .none
            )
            return try await carrier.carry(status, on: context.channel)
        }
        let control = ControlAPI(sandbox: sandbox)
        for method in [HTTPRequest.Method.get, .post, .patch, .delete] {
            router.on("/_sandbox/**", method: method) { request, _ in
                let body = try await request.body.collect(upTo: bodyLimit)
                let answer = await control.answer(
                    method: method.rawValue,
                    path: String(request.uri.path.dropFirst("/_sandbox/".count)),
                    query: Dictionary(
                        request.uri.queryParameters.map { (String($0.key), String($0.value)) },
                        uniquingKeysWith: { $1 }
                    ),
                    body: Array(body.readableBytesView),
                    now: SystemClock.now()
                )
                return Response(
                    status: .init(code: answer.status),
                    headers: [.contentType: answer.contentType],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
                )
            }
        }
        router.add(middleware: UnknownPathMiddleware(carrier: carrier))
        return router
    }

    private static func authRequest(_ endpoint: Endpoint, _ request: Request, _ body: ByteBuffer) -> AuthRequest {
        let scheme = "bearer "
        let authorization = request.headers[.authorization]
        let bearer = authorization.flatMap {
            $0.lowercased().hasPrefix(scheme) ? String($0.dropFirst(scheme.count)) : nil
        }
        return AuthRequest(
            endpoint: endpoint,
            line: "\(request.method.rawValue) \(request.uri.path)",
            subscriptionKey: HTTPField.Name(endpoint.keyHeader).flatMap { request.headers[$0] },
            content: AuthRequest.content(
                of: endpoint,
                body: body.readableBytesView,
                contentType: request.headers[.contentType]
            ),
            bearer: bearer
        )
    }
}

/// Answers in the gateway's way, and logs, what no path was found for.
struct UnknownPathMiddleware: RouterMiddleware {
    let carrier: Carrier

    func handle(
        _ request: Request,
        context: SandboxContext,
        next: @concurrent (Request, SandboxContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let unknown = AuthRequest(
                endpoint: nil,
                line: "\(request.method.rawValue) \(request.uri.path)",
                subscriptionKey: nil,
                content: .none
            )
            return try await carrier.carry(unknown, on: context.channel)
        }
    }
}
