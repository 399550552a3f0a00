import Glibc
import QuartileCore
package import QuartileWire

/// Carries out the methods of the protocol: wire in, domain out, and back.
package struct RequestHandler: RequestHandling {
    private let manager: TokenManager
    private let access: AccessPolicy
    private let audit: AuditLog
    private let clock: any MomentSource
    private let started: Moment
    private let version: String
    private let keys: KeyKeeper

    /// A handler that tells of `version`, and of the key that `keys` has in its care.
    package init(
        manager: TokenManager,
        access: AccessPolicy,
        audit: AuditLog,
        clock: any MomentSource,
        version: String,
        keys: KeyKeeper
    ) {
        self.manager = manager
        self.access = access
        self.audit = audit
        self.clock = clock
        started = clock.now()
        self.version = version
        self.keys = keys
    }

    package func handle(_ request: Request, from caller: Caller, reply: Reply) {
        do throws(WireError) {
            let method = try request.knownMethod()
            guard access.allows(method, to: caller) else {
                throw WireError(.permissionDenied, "only the user who runs the daemon may call \(method.rawValue)")
            }
            switch method {
            case .hello:
                _ = try NoParams(json: request.params, of: method)
                reply(HelloResult(version: version, pid: Int64(getpid())).json)
            case .getToken:
                try getToken(try GetTokenParams(json: request.params), caller, reply)
            case .listAccounts:
                _ = try NoParams(json: request.params, of: method)
                reply(ListAccountsResult(accounts: statuses(for: caller).map(WireAccount.init)).json)
            case .status:
                reply(try status(try StatusParams(json: request.params), caller))
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
                let name = try account(request, method, caller)
                answer(reply) { () throws(RequestFailure) in
                    WireAccount(try await manager.refresh(name)).json
                }
            case .validate:
                let name = try account(request, method, caller)
                answer(reply) { () throws(RequestFailure) in
                    let (valid, at) = try await manager.validate(name)
                    return ValidateResult(valid: valid, checkedAt: at.seconds).json
                }
            case .rejectToken:
                let params = try RejectTokenParams(json: request.params)
                let name = try account(params.account, caller)
                answer(reply) { () throws(RequestFailure) in
                    RejectTokenResult(try await manager.reject(name, RefreshScheduler.Rejected(params.rejected))).json
                }
            case .logout:
                let name = try account(request, method, caller)
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
            case .audit:
                let params = try AuditParams(json: request.params)
                let name = try params.account.map { text throws(WireError) in try presentAccount(text, caller) }
                // Beyond what there is, a limit is none.
                let limit = Int(clamping: params.limit ?? AuditParams.defaultLimit)
                answer(reply) { () throws(RequestFailure) in
                    AuditResult(entries: try await audit.entries(of: name, limit: limit).map(AuditResult.Entry.init))
                        .json
                }
            }
        } catch {
            reply(error)
        }
    }

    private func getToken(_ params: GetTokenParams, _ caller: Caller, _ reply: Reply) throws(WireError) {
        manager.getToken(
            try account(params.account, caller),
            minValid: params.minValid.map(Milliseconds.init(seconds:)),
            maxWait: Milliseconds(seconds: params.maxWait ?? GetTokenParams.defaultMaxWait)
        ) { result in
            switch result {
            case .success(let token): reply(token)
            case .failure(let failure): reply(WireError(failure))
            }
        }
    }

    private func status(_ params: StatusParams, _ caller: Caller) throws(WireError) -> JSON {
        let accounts: [AccountStatus]
        if let text = params.account {
            let name = try account(text, caller)
            do throws(RequestFailure) {
                accounts = [try manager.status(of: name)]
            } catch {
                throw WireError(error)
            }
        } else {
            accounts = statuses(for: caller)
        }
        let state: WireStatus.State =
            if manager.isStopping { .stopping } else if manager.isStorageFailing { .storageFailed } else { .ready }
        let status = WireStatus(
            version: version,
            pid: Int64(getpid()),
            uptime: Int64((clock.now().boot - started.boot).inSeconds),
            state: state,
            accounts: accounts.map(WireAccount.init),
            key: caller.role == .owner ? WireStatus.Key(keys.status) : nil
        )
        return status.json
    }

    /// How the accounts are that the caller may have. Of the others nobody can tell, by the time it takes either,
    /// that they are there.
    private func statuses(for caller: Caller) -> [AccountStatus] {
        access.accounts(for: caller).map(manager.statuses) ?? manager.statuses()
    }

    private func account(_ request: Request, _ method: Method, _ caller: Caller) throws(WireError) -> AccountName {
        try account(try AccountParams(json: request.params, of: method).account, caller)
    }

    /// The account of this name; one that the caller may not have is absent, before anything else is asked of it.
    private func account(_ text: String, _ caller: Caller) throws(WireError) -> AccountName {
        let name = try AccountName(wire: text)
        guard access.allows(name, to: caller) else { throw WireError(RequestFailure.unknownAccount(name)) }
        return name
    }

    /// The same, and it must be there: for what asks nothing of the account itself.
    private func presentAccount(_ text: String, _ caller: Caller) throws(WireError) -> AccountName {
        let name = try account(text, caller)
        guard manager.hasAccount(name) else { throw WireError(RequestFailure.unknownAccount(name)) }
        return name
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
