/// What the API counts requests by: a subscription key at one host. When it asks one account to stay away, it means
/// every account of that key.
public struct QuotaScope: Hashable, Sendable {
    var baseURL: String
    var subscriptionKey: Secret
}

extension Account {
    /// What the API counts this account's requests by.
    public var quotaScope: QuotaScope { QuotaScope(baseURL: baseURL, subscriptionKey: subscriptionKey) }
}
