/// An account that can log in.
struct User: Sendable {
    /// What the gateway thinks of a subscription key.
    enum KeyState: String, CaseIterable, Sendable {
        case approved
        /// Made, not yet activated: 403.
        case pending
        /// Its call volume is used up: 403.
        case exhausted
    }

    var username: String
    var password: String
    /// The user's own key; nil means the key of the settings.
    var subscriptionKey: String?
    var keyState = KeyState.approved
}
