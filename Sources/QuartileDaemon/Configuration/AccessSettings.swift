package import Glibc
package import QuartileCore

/// Who besides the owner of the daemon and root may connect, and to which accounts: `access.users` and
/// `accounts.NAME.allow`. What each of them may do is ``AccessPolicy``'s to say.
package struct AccessSettings: Sendable, Equatable {
    /// Whom an account is open to.
    package struct Allowance: Sendable, Equatable {
        /// The users who may have it.
        package var users: Set<uid_t> = []
        /// The systemd units from which they may; empty means from anywhere.
        package var units: Set<String> = []

        /// Nobody.
        package init() {}
    }

    /// Those who may connect.
    package var users: Set<uid_t> = []
    /// The accounts that name somebody, be they there or not.
    package var accounts: [AccountName: Allowance] = [:]

    /// Nobody.
    package init() {}

    /// The accounts that allow a user who may not connect, which is hardly what was meant.
    package var accountsOutOfReach: [AccountName] {
        accounts.filter { !$0.value.users.isSubset(of: users) }.keys.sorted()
    }

    /// The keys that are read here.
    static let keys = ["access.users", "accounts.NAME.allow"]

    /// The key that somebody meant by a variable of this name: neither has one, and what is passed over in silence
    /// would look like protection.
    static func keyWithoutVariable(_ variable: String) -> String? {
        if variable.hasPrefix("QUARTILED_ACCESS_") { return keys[0] }
        return variable == "QUARTILED_ACCOUNTS" || variable.hasPrefix("QUARTILED_ACCOUNTS_") ? keys[1] : nil
    }
}

extension AccessSettings {
    private static let usersExpected = "a list of user names or uids, such as [alice, 1001]"
    private static let userExpected = "a user name or a uid, such as alice or 1001"
    private static let unitExpected = "the name of a systemd unit, such as backup.service"
    private static let unitsExpected = "a list of systemd units, such as [backup.service]"
    private static let allowExpected = "a map such as {users: [alice], units: [backup.service]}"

    /// Takes over a setting of a file, if it is one of these keys; false if not. Names of users are looked up here, once.
    mutating func apply(_ setting: ConfigurationSetting) throws(ConfigurationError) -> Bool {
        switch (setting.names.first, setting.names.dropFirst().first) {
        case ("access"?, "users"?):
            users = try Self.users(setting)
        case ("accounts"?, let name?):
            guard let account = AccountName(name) else {
                throw ConfigurationError(
                    "\(setting.place): `\(setting.name)` must name an account: 1 to 64 of A-Z a-z 0-9 . _ @ + -"
                )
            }
            accounts[account] = try Self.allowance(setting)
        case ("access"?, nil), ("accounts"?, nil):
            // A section whose keys are all commented out.
            if case .empty = setting.value { return true }
            throw ConfigurationError("\(setting.place): `\(setting.name)` must be a map of keys")
        default: return false
        }
        return true
    }

    private static func allowance(_ account: ConfigurationSetting) throws(ConfigurationError) -> Allowance? {
        var allowance: Allowance?
        for member in try members(of: account, expected: "a map with the key `allow`") {
            guard member.names.last == "allow" else { throw unknown(member, "allow") }
            allowance = try self.allow(member)
        }
        return allowance
    }

    private static func allow(_ setting: ConfigurationSetting) throws(ConfigurationError) -> Allowance {
        var allowance = Allowance()
        for member in try members(of: setting, expected: allowExpected) {
            switch member.names.last {
            case "users"?: allowance.users = try users(member)
            case "units"?: allowance.units = try units(member)
            default: throw unknown(member, "users and units")
            }
        }
        // They would admit nobody, and somebody counted on them.
        guard allowance.units.isEmpty || !allowance.users.isEmpty else {
            throw ConfigurationError(
                "\(setting.place): `\(setting.name)` must have users beside its units: units only narrow down from "
                    + "where these users may have the account"
            )
        }
        return allowance
    }

    private static func members(
        of setting: ConfigurationSetting,
        expected: String
    ) throws(ConfigurationError) -> [ConfigurationSetting] {
        switch setting.value {
        case .map(let members): return members
        case .empty: return []
        case .text, .list: throw ConfigurationError("\(setting.place): `\(setting.name)` must be \(expected)")
        }
    }

    private static func unknown(_ setting: ConfigurationSetting, _ known: String) -> ConfigurationError {
        ConfigurationError("\(setting.place): there is no key `\(setting.name)`; known here is \(known)")
    }

    private static func users(_ setting: ConfigurationSetting) throws(ConfigurationError) -> Set<uid_t> {
        var users: Set<uid_t> = []
        for (text, place) in try texts(setting, expected: usersExpected) {
            switch UserDatabase.uid(of: text) {
            case .found(let uid): users.insert(uid)
            case .refused(let problem):
                throw ConfigurationError("\(place) must be \(userExpected): \(problem)")
            }
        }
        return users
    }

    private static func units(_ setting: ConfigurationSetting) throws(ConfigurationError) -> Set<String> {
        var units: Set<String> = []
        for (text, place) in try texts(setting, expected: unitsExpected) {
            guard SystemdUnit.isName(text) else {
                throw ConfigurationError("\(place) must be \(unitExpected): this is that of no unit with processes")
            }
            units.insert(text)
        }
        return units
    }

    /// The elements of a list of texts, each with its place in words. Their values, which may stand in the wrong
    /// place, come into no error; their numbers do.
    private static func texts(
        _ setting: ConfigurationSetting,
        expected: String
    ) throws(ConfigurationError) -> [(String, String)] {
        guard case .list(let elements) = setting.value else {
            throw ConfigurationError("\(setting.place): `\(setting.name)` must be \(expected)")
        }
        var texts: [(String, String)] = []
        for (index, element) in elements.enumerated() {
            let place = "\(element.place): entry \(index + 1) of `\(setting.name)`"
            guard case .text(let text) = element.value else {
                throw ConfigurationError("\(place) must be a single name: `\(setting.name)` is \(expected)")
            }
            texts.append((text, place))
        }
        return texts
    }
}
