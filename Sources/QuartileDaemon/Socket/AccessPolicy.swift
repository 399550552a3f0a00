package import Glibc
import QuartileCore
import QuartileWire

/// What a user is to this daemon. Everybody else is a stranger, who is not answered.
package enum Role: Sendable, Hashable {
    /// Who runs the daemon, and root: everything.
    case owner
    /// Who is named in `access.users`: the methods that serve programs, for the accounts that allow this user.
    case listed
}

/// Who may do what. The only place that decides it.
package struct AccessPolicy: Sendable {
    private let owner: uid_t
    private let settings: AccessSettings

    /// The policy of a daemon that runs as `owner`.
    package init(owner: uid_t = geteuid(), settings: AccessSettings = AccessSettings()) {
        self.owner = owner
        self.settings = settings
    }

    /// The role of a user; nil is a stranger.
    package func role(of uid: uid_t) -> Role? {
        // Anybody may be behind it, root inside a user namespace as well.
        guard uid != PeerCredentials.overflowUID else { return nil }
        if uid == owner || uid == 0 { return .owner }
        return settings.users.contains(uid) ? .listed : nil
    }

    /// Whether the caller may call a method at all.
    func allows(_ method: Method, to caller: Caller) -> Bool {
        switch caller.role {
        case .owner: true
        case .listed: method.isForListedUsers
        }
    }

    /// Whether the caller may have an account, be it there or not. It takes the same time in either case.
    func allows(_ account: AccountName, to caller: Caller) -> Bool {
        switch caller.role {
        case .owner: true
        case .listed: settings.accounts[account].map { $0.admits(caller) } ?? false
        }
    }

    /// The accounts that the caller may have, sorted, be they there or not; nil means whichever there are.
    func accounts(for caller: Caller) -> [AccountName]? {
        switch caller.role {
        case .owner: nil
        case .listed: settings.accounts.filter { $0.value.admits(caller) }.keys.sorted()
        }
    }
}

extension AccessSettings.Allowance {
    /// Whether a listed user may have the account: units narrow down what the user's name gives, and never give more, since
    /// every program of a user may call its own unit as it likes.
    fileprivate func admits(_ caller: Caller) -> Bool {
        guard users.contains(caller.peer.uid) else { return false }
        return units.isEmpty || caller.process.unit.map(units.contains) == true
    }
}

extension Method {
    /// Whether users who are listed may call it: what programs need that use tokens, and nothing that changes an account
    /// or tells of other callers.
    var isForListedUsers: Bool {
        switch self {
        case .hello, .getToken, .listAccounts, .status, .validate, .rejectToken: true
        case .login, .importTokens, .updateAccount, .refresh, .logout, .audit, .keyStatus, .keyRotate: false
        }
    }
}
