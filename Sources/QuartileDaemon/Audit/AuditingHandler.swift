import QuartileCore
package import QuartileWire

/// Has every call that another handler carries out taken note of, with its outcome.
package struct AuditingHandler: RequestHandling {
    private let handler: any RequestHandling
    private let log: AuditLog

    /// A handler that passes everything on to `handler`.
    package init(_ handler: any RequestHandling, log: AuditLog) {
        self.handler = handler
        self.log = log
    }

    package func handle(_ request: Request, from caller: Caller, reply: Reply) {
        guard let method = Method(rawValue: request.method), method.isAudited else {
            return handler.handle(request, from: caller, reply: reply)
        }
        let account = request.params?.object?["account"]?.string.flatMap(AccountName.init)
        let audited = Reply { [log] outcome in
            switch (outcome, method) {
            case (.success, .logout):
                // That somebody removed an account stays known, and not which.
                if let account { log.forget(account) }
                log.record(method, of: nil, error: nil, by: caller)
            case (.success, _): log.record(method, of: account, error: nil, by: caller)
            case (.failure(let error), _): log.record(method, of: account, error: error.code, by: caller)
            }
            reply(outcome)
        }
        handler.handle(request, from: caller, reply: audited)
    }
}

extension Method {
    /// Whether calls of it are taken note of: all but the one that tells nothing of any account.
    fileprivate var isAudited: Bool {
        switch self {
        case .hello: false
        case .getToken, .login, .importTokens, .updateAccount, .listAccounts, .status, .refresh, .validate,
            .rejectToken, .logout, .audit, .keyStatus, .keyRotate:
            true
        }
    }
}
