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
        let audited = Reply(to: reply.id) { [log] answer in
            if method == .logout, answer.error == nil {
                // That somebody removed an account stays known, and not which.
                if let account { log.forget(account) }
                log.record(method, of: nil, error: nil, by: caller)
            } else {
                log.record(method, of: account, error: answer.error, by: caller)
            }
            reply(answer)
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
