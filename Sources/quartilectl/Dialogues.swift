internal import QuartileWire

/// The questions of `login`.
enum LoginDialogue {
    /// Asks for what is missing on the terminal.
    static func ask(_ target: LoginTarget, remember: Bool) throws(Failure) -> Credentials {
        let terminal = try Terminal.open("--credentials FILE")
        try terminal.say(
            remember
                ? "The password will be kept, sealed, so that quartiled can log in again by itself."
                : "The password will not be kept: when the refresh token is lost, log in again."
        )
        guard let username = try terminal.ask("Username", offered: target.existing?.username) else {
            throw .usage("no username was given")
        }
        guard let password = try terminal.askForSecret("Password") else { throw .usage("no password was given") }
        guard !target.keepsKey else { return Credentials(username: username, password: password) }
        guard let key = try terminal.askForSecret("Subscription key") else {
            throw .usage("no subscription key was given")
        }
        try SubscriptionKey.check(key)
        return Credentials(username: username, password: password, subscriptionKey: key)
    }
}

/// The questions of `update`.
enum UpdateDialogue {
    /// Asks on the terminal what is new; an empty answer changes nothing.
    static func ask(_ account: String, username: String?) throws(Failure) -> CredentialsFile {
        let terminal = try Terminal.open("--credentials FILE or --subscription-key-file FILE")
        try terminal.say("What is new of \(account)? Press Enter for what stays as it is.")
        var new = CredentialsFile()
        let name = try terminal.ask("Username", offered: username)
        if name != username { new.username = name }
        new.password = try terminal.askForSecret("Password")
        new.subscriptionKey = try terminal.askForSecret("Subscription key")
        if let key = new.subscriptionKey { try SubscriptionKey.check(key) }
        guard new != CredentialsFile() else { throw .usage("nothing is new, so nothing was changed") }
        return new
    }
}
