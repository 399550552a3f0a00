package import NIOCore
package import QuartileCore
import QuartileWire

/// The Quartile auth API, versions 1 to 3, over HTTP/1.1.
package final class QuartileAuthAPI: AuthAPI {
    private let settings: AuthAPISettings
    private let clock: any MomentSource
    private let poster: HTTPPoster
    /// For what is only asked: it must not take connections from refreshes, however much is asked.
    private let inquirer: HTTPPoster
    /// The most connections to one host for what is only asked.
    private static let inquiriesPerHost = 4

    /// An API that is reached as `settings` say, from `eventLoop`. Fails where their trust roots can't be read.
    ///
    /// ``shutdown()`` must be called before the last reference goes.
    package init(
        _ settings: AuthAPISettings,
        clock: any MomentSource,
        eventLoop: any EventLoop
    ) throws(UnusableCAFile) {
        self.settings = settings
        self.clock = clock
        let roots = try settings.caFile.map { path throws(UnusableCAFile) in try TrustRoots.read(path) } ?? []
        poster = HTTPPoster(settings, trusting: roots, clock: clock, eventLoop: eventLoop)
        inquirer = HTTPPoster(
            settings,
            trusting: roots,
            clock: clock,
            eventLoop: eventLoop,
            connectionsPerHost: QuartileAuthAPI.inquiriesPerHost
        )
    }

    /// Closes all connections and ends what is under way, as if its answer had been lost. Later calls send nothing.
    package func shutdown() async {
        await poster.shutdown()
        await inquirer.shutdown()
    }

    package func login(_ account: Account, username: String, password: Secret) async -> Outcome {
        guard let call = APIDescription.of(account.apiVersion).login else {
            return .notSent(
                Failure(
                    .upstreamRejected,
                    "\(account.apiVersion.rawValue) has no login: its tokens come from the developer portal",
                    remedy: "quartilectl import --account \(account.name)"
                )
            )
        }
        if let problem = SendableText.problem(username: username) { return .notSent(unsendable("username", problem)) }
        if let problem = SendableText.problem(password: password) { return .notSent(unsendable("password", problem)) }
        let fields = [(call.usernameField, username), (call.passwordField, password.reveal())]
        switch await exchange(account, path: call.path, fields: fields, presenting: password, through: poster) {
        case .succeeded(let answer, let sent, let peer): return tokens(answer, sent: sent, from: peer)
        case .notSent(let failure): return .notSent(failure)
        case .turnedAway(let failure): return .turnedAway(failure)
        case .unknown(let failure): return .ambiguous(failure, unread: nil)
        case .refused(401, let quoted):
            return .passwordRejected(Failure(.upstreamRejected, "the API refused the username or password: \(quoted)"))
        case .refused(let status, let quoted):
            return .refused(Failure(.upstreamRejected, "the API refused the login (\(status)): \(quoted)"))
        }
    }

    package func refresh(_ account: Account, refreshToken: Secret) async -> Outcome {
        let call = APIDescription.of(account.apiVersion).refresh
        switch await present(refreshToken, name: "refresh token", to: call, account, through: poster) {
        case .succeeded(let answer, let sent, let peer): return tokens(answer, sent: sent, from: peer)
        case .notSent(let failure): return .notSent(failure)
        case .turnedAway(let failure): return .turnedAway(failure)
        case .unknown(let failure): return .ambiguous(failure, unread: nil)
        case .refused(let status, let quoted):
            return .refused(Failure(.upstreamRejected, "the API refused the refresh token (\(status)): \(quoted)"))
        }
    }

    package func validate(_ account: Account, accessToken: Secret) async -> Result<Bool, Failure> {
        let call = APIDescription.of(account.apiVersion).validate
        switch await present(accessToken, name: "access token", to: call, account, through: inquirer) {
        case .succeeded: return .success(true)
        case .refused(401, _): return .success(false)
        case .notSent(let failure), .turnedAway(let failure), .unknown(let failure): return .failure(failure)
        case .refused(let status, let quoted):
            return .failure(Failure(.upstreamRejected, "the API refused to validate the token (\(status)): \(quoted)"))
        }
    }

    package func readTokenSet(_ body: Secret, sent: Moment?, now: Moment) -> Result<TokenSet, Failure> {
        Result { () throws(TokenAnswerProblem) in
            try TokenAnswer(body).tokenSet(sent: sent?.wall, now: now.wall)
        }.mapError { Failure(.upstreamRejected, "this is not a token set: \($0.clause)") }
    }
}

extension QuartileAuthAPI {
    private func present(
        _ token: Secret,
        name: String,
        to call: APIDescription.TokenCall,
        _ account: Account,
        through poster: HTTPPoster
    ) async -> APIVerdict {
        if let problem = SendableText.problem(token: token) { return .notSent(unsendable(name, problem)) }
        let text = token.reveal()
        let bearer = call.bearer ? [("Authorization", "Bearer \(text)")] : []
        return await exchange(
            account,
            path: call.path,
            fields: [(call.tokenField, text)],
            headers: bearer,
            presenting: token,
            through: poster
        )
    }

    private func exchange(
        _ account: Account,
        path: String,
        fields: [(String, String)],
        headers: [(String, String)] = [],
        presenting secret: Secret,
        through poster: HTTPPoster
    ) async -> APIVerdict {
        let base: BaseURL
        do {
            base = try BaseURL(account.baseURL)
        } catch {
            return .notSent(
                Failure(.upstreamRejected, "the base URL of \(account.name) can't be used: \(error.message)")
            )
        }
        if let problem = SendableText.problem(subscriptionKey: account.subscriptionKey) {
            return .notSent(unsendable("subscription key", problem))
        }
        let common = [
            ("Content-Type", "application/json"), ("Accept", "application/json"), ("User-Agent", "quartiled"),
            (account.apiVersion.subscriptionKeyHeader, account.subscriptionKey.reveal()),
        ]
        let body = JSON.object(JSON.Object(fields.map { JSON.Object.Member($0, .string($1)) })).bytes
        let exchange = await poster.post(body, to: path, at: base, headers: common + headers)
        return APIVerdict(
            exchange,
            account: account.name,
            peer: peer(of: base),
            now: clock.now().wall,
            hiding: [secret, account.subscriptionKey] + [account.password].compactMap(\.self)
        )
    }

    /// What a success holds. A set that is whole is taken even where the answer was cut off after it: it may be the
    /// only copy, and what comes after it is of no use.
    private func tokens(_ answer: HTTPAnswer, sent: Moment, from peer: Peer) -> Outcome {
        let body = Secret(bytes: answer.body)
        do {
            return .received(try TokenAnswer(body).tokenSet(sent: sent.wall, now: sent.wall), sent: sent)
        } catch {
            let message =
                answer.fault.map { $0.whileReading(from: peer) }
                ?? "\(peer.endpoint) answered \(answer.status) with what is not a token set: \(error.clause)"
            return .ambiguous(Failure(.upstreamUnavailable, message), unread: body)
        }
    }

    private func peer(of base: BaseURL) -> Peer {
        let proxy = base.isLoopback ? nil : settings.proxy?.endpoint
        return Peer(endpoint: base.endpoint, proxy: proxy, timeout: settings.timeout)
    }

    private func unsendable(_ name: String, _ problem: String) -> Failure {
        Failure(.upstreamRejected, "the \(name) \(problem); nothing was sent")
    }
}
