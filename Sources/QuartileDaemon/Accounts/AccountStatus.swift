package import QuartileCore

/// An account as the daemon sees it at one moment, without its secrets.
package struct AccountStatus: Sendable {
    package var name: AccountName
    package var apiVersion: APIVersion
    package var baseURL: String
    package var username: String?
    package var state: RefreshStateMachine.State
    package var generation: Generation
    package var accessExpiresAt: UnixTime
    package var refreshExpiresAt: UnixTime?
    /// When the next refresh or retry is planned; nil while one is under way or where a person has to act.
    package var nextRefreshAt: UnixTime?
    package var passwordStored: Bool
    package var offlineOKUntil: UnixTime?
    package var lastError: LastError?

    init(_ account: Account, _ machine: RefreshStateMachine, at now: Moment) {
        name = account.name
        apiVersion = account.apiVersion
        baseURL = account.baseURL
        username = account.username
        state = machine.state(at: now)
        generation = machine.tokens.generation
        accessExpiresAt = machine.tokens.set.accessExpiresAt
        refreshExpiresAt = machine.tokens.set.refreshExpiresAt
        nextRefreshAt = machine.deadline(seenAt: now).map(now.wall(at:))
        passwordStored = account.password != nil
        offlineOKUntil = machine.offlineOKUntil
        lastError = machine.lastError
    }
}

/// What came of a token's rejection, with the generation of the newest.
package enum Rejection: Sendable {
    /// A refresh has brought a new one.
    case refreshed(Generation)
    /// The refused token is not the newest.
    case alreadyReplaced(Generation)
    /// The last refresh was too short a time ago for another.
    case tooSoon(Generation)
}

/// A token with what a program needs beside it.
package struct ServedToken: Sendable {
    package var account: AccountName
    package var apiVersion: APIVersion
    package var subscriptionKey: Secret
    package var tokens: IssuedTokens
    package var remaining: Milliseconds
    package var degraded: LastError?
}
