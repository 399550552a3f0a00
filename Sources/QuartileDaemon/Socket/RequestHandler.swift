import Glibc
import QuartileCore
package import QuartileWire

/// Carries out the methods of the protocol: wire in, domain out, and back.
package struct RequestHandler: RequestHandling {
    private let manager: TokenManager
    private let clock: any MomentSource
    private let started: Moment
    private let version: String
    private let keys: KeyKeeper

    /// A handler that tells of `version`, and of the key that `keys` has in its care.
    package init(manager: TokenManager, clock: any MomentSource, version: String, keys: KeyKeeper) {
        self.manager = manager
        self.clock = clock
        started = clock.now()
        self.version = version
        self.keys = keys
    }

    package func handle(_ request: Request, from peer: PeerCredentials, reply: Reply) {
        do throws(WireError) {
            let method = try request.knownMethod()
            switch method {
            case .hello:
                _ = try NoParams(json: request.params, of: method)
                reply(HelloResult(version: version, pid: Int64(getpid())).json)
            case .getToken:
                try getToken(try GetTokenParams(json: request.params), reply)
            case .listAccounts:
                _ = try NoParams(json: request.params, of: method)
                reply(ListAccountsResult(accounts: manager.statuses().map(WireAccount.init)).json)
            case .status:
                reply(try status(try StatusParams(json: request.params)))
            case .login:
                let login = try Login(try LoginParams(json: request.params))
                answer(reply) { () throws(RequestFailure) in
                    WireAccount(try await manager.logIn(login)).json
                }
            case .importTokens:
                let given = try Import(try ImportTokensParams(json: request.params))
                answer(reply) { () throws(RequestFailure) in
                    WireAccount(try await manager.importTokens(given)).json
                }
            case .updateAccount:
                let update = try Update(try UpdateAccountParams(json: request.params))
                answer(reply) { () throws(RequestFailure) in
                    WireAccount(try await manager.update(update)).json
                }
            case .refresh:
                let name = try account(request, method)
                answer(reply) { () throws(RequestFailure) in
                    WireAccount(try await manager.refresh(name)).json
                }
            case .validate:
                let name = try account(request, method)
                answer(reply) { () throws(RequestFailure) in
                    let (valid, at) = try await manager.validate(name)
                    return ValidateResult(valid: valid, checkedAt: at.seconds).json
                }
            case .rejectToken:
                let params = try RejectTokenParams(json: request.params)
                let name = try AccountName(wire: params.account)
                answer(reply) { () throws(RequestFailure) in
                    RejectTokenResult(try await manager.reject(name, RefreshScheduler.Rejected(params.rejected))).json
                }
            case .logout:
                let name = try account(request, method)
                answer(reply) { () throws(RequestFailure) in
                    try await manager.logOut(name)
                    return LogoutResult().json
                }
            case .keyStatus:
                _ = try NoParams(json: request.params, of: method)
                reply(KeyResult(keys.status).json)
            case .keyRotate:
                _ = try NoParams(json: request.params, of: method)
                answer(reply) { () throws(RequestFailure) in
                    KeyResult(try await keys.rotate()).json
                }
            }
        } catch {
            reply(error)
        }
    }

    private func getToken(_ params: GetTokenParams, _ reply: Reply) throws(WireError) {
        manager.getToken(
            try AccountName(wire: params.account),
            minValid: params.minValid.map(Milliseconds.init(seconds:)),
            maxWait: Milliseconds(seconds: params.maxWait ?? GetTokenParams.defaultMaxWait)
        ) { result in
            switch result {
            case .success(let token): reply(WireToken(token).json)
            case .failure(let failure): reply(WireError(failure))
            }
        }
    }

    private func status(_ params: StatusParams) throws(WireError) -> JSON {
        let accounts: [AccountStatus]
        if let text = params.account {
            let name = try AccountName(wire: text)
            do throws(RequestFailure) {
                accounts = [try manager.status(of: name)]
            } catch {
                throw WireError(error)
            }
        } else {
            accounts = manager.statuses()
        }
        let state: WireStatus.State =
            if manager.isStopping { .stopping } else if manager.isStorageFailing { .storageFailed } else { .ready }
        let status = WireStatus(
            version: version,
            pid: Int64(getpid()),
            uptime: Int64((clock.now().boot - started.boot).inSeconds),
            state: state,
            accounts: accounts.map(WireAccount.init),
            key: WireStatus.Key(keys.status)
        )
        return status.json
    }

    private func account(_ request: Request, _ method: Method) throws(WireError) -> AccountName {
        try AccountName(wire: try AccountParams(json: request.params, of: method).account)
    }

    /// Does what takes time away from the event loop, and answers when it is done.
    private func answer(_ reply: Reply, _ body: @escaping @Sendable () async throws(RequestFailure) -> JSON) {
        manager.jobs.start {
            do throws(RequestFailure) {
                reply(try await body())
            } catch {
                reply(WireError(error))
            }
        }
    }
}
