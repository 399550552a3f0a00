package import QuartileCore

/// One version of the upstream API: where its calls are and how their fields are spelled. Another provider would be
/// one more value of this type.
struct APIDescription: Sendable {
    /// A call that presents a token.
    struct TokenCall: Sendable {
        /// The path below the base URL.
        var path: String
        /// The body's field that holds the token.
        var tokenField: String
        /// Whether the token goes into an `Authorization` header as well.
        var bearer = false
    }

    /// A call that presents a username and a password.
    struct LoginCall: Sendable {
        /// The path below the base URL.
        var path: String
        /// The body's field that holds the username.
        var usernameField: String
        /// The body's field that holds the password.
        var passwordField: String
    }

    /// The header that carries the subscription key, in this call and in every other that a program makes.
    var keyHeader: String
    /// Trades a username and password for a token set; nil where the API has no such call.
    var login: LoginCall?
    /// Trades a refresh token for a token set.
    var refresh: TokenCall
    /// Asks whether an access token is valid.
    var validate: TokenCall
}

extension APIDescription {
    private static let v1 = APIDescription(
        keyHeader: "Ocp-Apim-Subscription-Key",
        login: nil,
        refresh: TokenCall(path: "/auth/v1/refresh-token", tokenField: "refresh_token"),
        validate: TokenCall(path: "/auth/v1/validate-token", tokenField: "token", bearer: true)
    )
    private static let v2 = sinceV2("v2")
    private static let v3 = sinceV2("v3")

    /// v3 differs from v2 in its paths alone: what it does otherwise is behind the endpoint.
    private static func sinceV2(_ version: String) -> APIDescription {
        APIDescription(
            keyHeader: "Subscription-Key",
            login: LoginCall(path: "/auth/\(version)/login", usernameField: "username", passwordField: "password"),
            refresh: TokenCall(path: "/auth/\(version)/refresh", tokenField: "token"),
            validate: TokenCall(path: "/auth/\(version)/validate", tokenField: "token", bearer: true)
        )
    }

    /// The description of `version`.
    static func of(_ version: APIVersion) -> APIDescription {
        switch version {
        case .v1: v1
        case .v2: v2
        case .v3: v3
        }
    }
}

extension APIVersion {
    /// The header that a program sends its subscription key in.
    package var subscriptionKeyHeader: String { APIDescription.of(self).keyHeader }

    /// Whether a username and password can be traded for a token set.
    package var hasLogin: Bool { APIDescription.of(self).login != nil }
}
