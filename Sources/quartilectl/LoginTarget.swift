internal import QuartileWire

/// The account that a login or an import is for, which may be there already.
struct LoginTarget: Equatable {
    var account: String
    /// As it is now, if it is there.
    var existing: WireAccount?
    /// Which API to name to the daemon; nil leaves it to its configuration.
    var apiVersion: WireAPIVersion?
    /// Where, likewise.
    var baseURL: String?

    /// Chooses the account named, or the only one there is. Where the command line names no API, an account that is
    /// there keeps its own (but v1, which has no login, only where `keepsV1` says so).
    init(
        _ name: String?,
        among accounts: [WireAccount],
        _ context: CallContext,
        _ options: UpstreamOptions,
        keepsV1: Bool = false
    ) throws(Failure) {
        if let name { account = name } else { account = try Session.only(accounts.map(\.account), context) }
        existing = accounts.first { [account] in $0.account == account }
        let version = existing?.apiVersion
        apiVersion = options.apiVersion?.wire ?? (version == .v1 && !keepsV1 ? nil : version)
        baseURL = options.baseURL ?? existing?.baseURL
    }

    /// Whether the daemon has a subscription key that it may use: one is sent to no other host than it was given for.
    var keepsKey: Bool {
        existing.map { $0.baseURL == baseURL } ?? false
    }
}
