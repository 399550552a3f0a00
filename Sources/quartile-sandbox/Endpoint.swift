/// The calls that the log and the faults tell apart.
enum CallKind: String, CaseIterable, Sendable {
    case login
    case refresh
    case validate
    case status
    /// A path or method that the API does not have.
    case other
}

/// The versions of the API.
enum APIVersion: String, CaseIterable, Sendable {
    case v1
    case v2
    case v3
}

/// One path of the API and how its version differs from the others.
struct Endpoint: Sendable {
    let version: APIVersion
    let call: CallKind
    let path: String
    /// The header that carries the subscription key.
    let keyHeader: String
    /// The member of the body that carries the token, for calls that take one.
    let tokenField: String

    /// Every path that takes a POST.
    static let posts: [Endpoint] =
        [
            Endpoint(.v1, .refresh, "/auth/v1/refresh-token", keyHeader: "Ocp-Apim-Subscription-Key", "refresh_token"),
            Endpoint(.v1, .validate, "/auth/v1/validate-token", keyHeader: "Ocp-Apim-Subscription-Key"),
        ]
        + [APIVersion.v2, .v3].flatMap { version in
            [CallKind.login, .refresh, .validate].map { call in
                Endpoint(version, call, "/auth/\(version.rawValue)/\(call.rawValue)", keyHeader: "Subscription-Key")
            }
        }

    /// `GET /status/v2`: the key comes in the query.
    static let status = Endpoint(.v2, .status, "/status/v2", keyHeader: "")

    private init(
        _ version: APIVersion,
        _ call: CallKind,
        _ path: String,
        keyHeader: String,
        _ tokenField: String = "token"
    ) {
        self.version = version
        self.call = call
        self.path = path
        self.keyHeader = keyHeader
        self.tokenField = tokenField
    }
}
