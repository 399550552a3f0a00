@testable import QuartileCore

extension Moment {
    /// A moment that the tests begin at; the boot clock is days old, as on most machines.
    static let start = Moment(wall: UnixTime(seconds: 1_750_000_000), boot: BootTime(milliseconds: 400_000_000))

    /// The same instant after somebody set the wall clock by `step`.
    func steppedBy(_ step: Milliseconds) -> Moment { Moment(wall: wall + step, boot: boot) }
}

extension Milliseconds {
    static let tenYears = Milliseconds.hours(24 * 3652)
}

extension AccountName {
    /// A name that the test knows to be good.
    static func named(_ text: String) -> AccountName {
        guard let name = AccountName(text) else { preconditionFailure("not an account name: \(text)") }
        return name
    }

    static let ada = AccountName.named("ada@example.com")
}

extension TokenSet {
    /// A set that was sent for at `sent`.
    static func made(
        _ text: String = "1",
        life: Milliseconds = .hours(12),
        refreshLife: Milliseconds? = .hours(14 * 24),
        at sent: UnixTime = Moment.start.wall
    ) -> TokenSet {
        TokenSet(
            accessToken: Secret("access-\(text)"),
            tokenType: "Bearer",
            refreshToken: Secret("refresh-\(text)"),
            issuedAt: sent,
            accessExpiresAt: sent + life,
            refreshExpiresAt: refreshLife.map { sent + $0 }
        )
    }
}

extension IssuedTokens {
    /// A set of `generation` that was sent for at `sent`.
    static func made(
        _ generation: Generation = 1,
        life: Milliseconds = .hours(12),
        sent: Moment = .start
    ) -> IssuedTokens {
        IssuedTokens(.made("\(generation)", life: life, at: sent.wall), generation: generation, sent: sent)
    }
}

extension Account {
    static func made(_ name: AccountName = .ada, password: Bool = true) -> Account {
        Account(
            name: name,
            apiVersion: .v2,
            baseURL: "https://api.example.com",
            username: "ada@example.com",
            subscriptionKey: Secret("0123456789abcdef0123456789abcdef"),
            password: password ? Secret("correct horse") : nil
        )
    }
}

extension Failure {
    static let unreachable = Failure(.upstreamUnavailable, "The API can't be reached.")
    static let broken = Failure(.upstreamUnavailable, "The API answered 502.")
    static let refusal = Failure(.upstreamRejected, "The API refused the refresh token.")
    static let wrongPassword = Failure(.upstreamRejected, "The API refused the password.")
    static let diskFull = Failure(.storageFailed, "The database could not be written.")

    static func throttled(_ span: Milliseconds) -> Failure {
        Failure(.upstreamUnavailable, "The API asks us to slow down.", retryAfter: span)
    }
}
