import QuartileCore
import QuartileWire

// What travels is never what the daemon thinks in: these are the only places where one becomes the other.

extension WireError {
    /// The one place where a failure becomes an error of the protocol.
    init(_ failure: RequestFailure) {
        switch failure {
        case .unknownAccount(let name):
            self.init(.accountNotFound, "there is no account \(name)")
        case .invalid(let parameter, let problem): self.init(parameter: parameter, problem)
        case .noNewKey(let sentence): self.init(.keyUnusable, "nothing was changed: \(sentence)")
        case .keyNotReady(let sentence): self.init(.keyNotReady, "nothing was changed: \(sentence)")
        case .stopping:
            self.init(.overloaded, "the daemon is stopping; try again when it has been started")
        case .timeout(let name):
            self.init(.timeout, "the API has not answered for account \(name) within the time that was given")
        case .failed(let failure, let retryAt):
            self.init(failure.code.wire, failure.message, retryAt: retryAt?.seconds)
            if let remedy = failure.remedy { details.append("remedy", .string(remedy)) }
        }
    }
}

extension AccountName {
    /// The name as it came; throws `invalid_params`.
    init(wire text: String) throws(WireError) {
        guard let name = AccountName(text) else {
            throw WireError(parameter: "account", "must be \(AccountNameRule.words)")
        }
        self = name
    }
}

extension Failure.Code {
    var wire: ErrorCode {
        switch self {
        case .loginRequired: .loginRequired
        case .upstreamUnavailable: .upstreamUnavailable
        case .upstreamRejected: .upstreamRejected
        case .storageFailed: .storageFailed
        }
    }
}

extension WireAccount {
    init(_ status: AccountStatus) {
        self.init(
            account: status.name.text,
            apiVersion: WireAPIVersion(status.apiVersion),
            baseURL: status.baseURL,
            username: status.username,
            state: State(status.state),
            generation: status.generation,
            accessExpiresAt: status.accessExpiresAt.seconds,
            refreshExpiresAt: status.refreshExpiresAt?.seconds,
            nextRefreshAt: status.nextRefreshAt?.seconds,
            passwordStored: status.passwordStored,
            offlineOKUntil: status.offlineOKUntil?.seconds,
            lastError: status.lastError.map(WireLastError.init)
        )
    }
}

extension WireAccount.State {
    init(_ state: RefreshStateMachine.State) {
        switch state {
        case .active: self = .active
        case .degraded: self = .degraded
        case .expired: self = .expired
        case .loginRequired: self = .loginRequired
        }
    }
}

extension WireLastError {
    init(_ error: LastError) {
        self.init(
            code: error.failure.code.wire.name,
            message: error.failure.message,
            at: error.at.seconds,
            retryAt: error.retryAt?.seconds
        )
    }
}

extension ServedToken: JSONWritable {
    package func write(to output: inout [UInt8]) {
        tokens.set.accessToken.withUTF8 { accessToken in
            subscriptionKey.withUTF8 { subscriptionKey in
                WireToken.write(
                    account: account.text,
                    accessToken: accessToken,
                    tokenType: tokens.set.tokenType,
                    expiresAt: tokens.set.accessExpiresAt.seconds,
                    expiresIn: remaining.count / 1000,
                    generation: tokens.generation,
                    subscriptionKey: subscriptionKey,
                    subscriptionKeyHeader: apiVersion.subscriptionKeyHeader,
                    degraded: degraded.map(WireToken.Degraded.init),
                    to: &output
                )
            }
        }
    }
}

extension WireToken.Degraded {
    init(_ error: LastError) {
        self.init(
            code: error.failure.code.wire.name,
            message: error.failure.message,
            retryAt: error.retryAt?.seconds
        )
    }
}

extension Secret {
    fileprivate func withUTF8(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        withBytes { bytes in bytes.withMemoryRebound(to: UInt8.self, body) }
    }
}

extension RefreshScheduler.Rejected {
    init(_ rejected: RejectTokenParams.Rejected) {
        switch rejected {
        case .generation(let generation): self = .generation(generation)
        case .accessToken(let token): self = .accessToken(Secret(token))
        }
    }
}

extension RejectTokenResult {
    init(_ rejection: Rejection) {
        switch rejection {
        case .refreshed(let generation): self.init(.refreshed, generation: generation)
        case .alreadyReplaced(let generation): self.init(.alreadyReplaced, generation: generation)
        case .tooSoon(let generation): self.init(.tooSoon, generation: generation)
        }
    }
}

extension AuditResult.Entry {
    init(_ entry: AuditEntry) {
        self.init(
            time: entry.at.seconds,
            count: entry.count,
            pid: Int64(entry.pid),
            uid: Int64(entry.uid),
            executable: entry.process.executable,
            unit: entry.process.unit,
            account: entry.account?.text,
            method: entry.method,
            outcome: entry.outcome
        )
    }
}

extension WireAPIVersion {
    init(_ version: APIVersion) {
        switch version {
        case .v1: self = .v1
        case .v2: self = .v2
        case .v3: self = .v3
        }
    }
}

extension APIVersion {
    init(_ version: WireAPIVersion) {
        switch version {
        case .v1: self = .v1
        case .v2: self = .v2
        case .v3: self = .v3
        }
    }
}

extension Milliseconds {
    /// Seconds as they travel, rounded up, so that no caller gets less than was asked for.
    init(seconds: Double) { self.init(Int64((seconds * 1000).rounded(.up))) }
}

extension Login {
    /// Checks what a user gave; throws `invalid_params`.
    init(_ params: LoginParams) throws(WireError) {
        self.init(
            account: try AccountName(wire: params.account),
            username: try checked(params.username, "username", SendableText.problem(username:)),
            password: try checked(Secret(params.password), "password", SendableText.problem(password:)),
            subscriptionKey: try params.subscriptionKey.map { key throws(WireError) in try checked(key: key) },
            apiVersion: params.apiVersion.map(APIVersion.init),
            baseURL: try checked(baseURL: params.baseURL),
            remember: params.remember ?? true,
            ifChanged: params.ifChanged ?? false
        )
    }
}

extension Import {
    /// Checks what a user gave; throws `invalid_params`.
    init(_ params: ImportTokensParams) throws(WireError) {
        self.init(
            account: try AccountName(wire: params.account),
            tokenSet: Secret(bytes: params.tokenSet.bytes),
            subscriptionKey: try checked(key: params.subscriptionKey),
            apiVersion: params.apiVersion.map(APIVersion.init),
            baseURL: try checked(baseURL: params.baseURL)
        )
    }
}

extension Update {
    /// Checks what a user gave; throws `invalid_params`.
    init(_ params: UpdateAccountParams) throws(WireError) {
        account = try AccountName(wire: params.account)
        if let given = params.subscriptionKey { subscriptionKey = try checked(key: given) }
        if let given = params.username { username = try checked(given, "username", SendableText.problem(username:)) }
        if let given = params.password {
            password = try checked(Secret(given), "password", SendableText.problem(password:))
        }
    }
}

private func checked<Value>(_ value: Value, _ name: String, _ problem: (Value) -> String?) throws(WireError) -> Value {
    if let problem = problem(value) { throw WireError(parameter: name, problem) }
    return value
}

private func checked(key: String) throws(WireError) -> Secret {
    try checked(Secret(key), "subscription_key", SendableText.problem(subscriptionKey:))
}

private func checked(baseURL: String?) throws(WireError) -> String? {
    guard let baseURL else { return nil }
    switch validateBaseURL(baseURL) {
    case .success(let url): return url
    case .failure(let error): throw WireError(parameter: "base_url", "is refused: \(error.message)")
    }
}

extension WireStatus.Key {
    init(_ status: KeyStatus) {
        self.init(source: status.source.words, protects: status.source.protects, advice: status.advice)
    }
}

extension KeyResult {
    init(_ status: KeyStatus) {
        self.init(
            source: status.source.words,
            protects: status.source.protects,
            keyID: status.id,
            advice: status.advice
        )
    }
}
