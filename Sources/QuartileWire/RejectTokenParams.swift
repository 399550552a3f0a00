/// The params of `reject_token`.
public struct RejectTokenParams: Sendable, Hashable {
    /// Which access token was refused.
    public enum Rejected: Sendable, Hashable {
        /// That of this generation.
        case generation(Int64)
        /// This one.
        case accessToken(String)
    }

    /// The account.
    public var account: String
    /// Which of its tokens was refused.
    public var rejected: Rejected

    /// Makes params.
    public init(account: String, rejected: Rejected) {
        self.account = account
        self.rejected = rejected
    }

    /// Reads params. Throws `invalid_params`, also where both `generation` and `access_token` are there.
    public init(json: JSON?) throws(WireError) {
        let reader = try ParamsReader(json, of: .rejectToken, known: ["account", "generation", "access_token"])
        account = try reader.account()
        switch (try reader.optionalInteger("generation", from: 1), try reader.optionalString("access_token")) {
        case (let generation?, nil): rejected = .generation(generation)
        case (nil, let token?): rejected = .accessToken(token)
        case (.some, .some):
            throw WireError(parameter: "access_token", "and `generation` are two names of one token; give one of them")
        case (nil, nil):
            throw WireError(parameter: "generation", "is missing; reject_token needs it or `access_token`")
        }
    }

    /// The params as JSON.
    public var json: JSON {
        switch rejected {
        case .generation(let generation): ["account": .string(account), "generation": .integer(generation)]
        case .accessToken(let token): ["account": .string(account), "access_token": .string(token)]
        }
    }
}

extension RejectTokenParams: CustomStringConvertible, CustomReflectable {
    /// The account, and nothing of the token.
    public var description: String { "a rejected token of \(account)" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
