package import QuartileCore

/// The upstream API's authorization calls. Each makes one request, never repeats it, and ends within the timeout that
/// the implementation was made with.
package protocol AuthAPI: Sendable {
    /// Logs in with `username` and `password` at the account's host, with its version and subscription key.
    func login(_ account: Account, username: String, password: Secret) async -> Outcome

    /// Trades `refreshToken` for a new set.
    func refresh(_ account: Account, refreshToken: Secret) async -> Outcome

    /// Asks whether the API itself takes `accessToken` for valid.
    func validate(_ account: Account, accessToken: Secret) async -> Result<Bool, Failure>

    /// Reads a token set as the API writes it, or the developer portal shows it. Lifetimes count from `sent` or, where
    /// that is nil (the set was imported), from the time of issue that the access token states, else from `now`.
    /// The failure says what is wrong with it, never what it holds.
    func readTokenSet(_ body: Secret, sent: Moment?, now: Moment) -> Result<TokenSet, Failure>
}
