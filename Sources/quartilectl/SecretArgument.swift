/// Secrets on a command line, where every user of the machine can read them (`ps`) and the shell remembers them: none is
/// taken from there, and what looks like one is not repeated.
enum SecretArgument {
    /// How options begin that people try with a secret behind them.
    private static let options = [
        "--pass", "--pw", "--secret", "--token", "--access-token", "--refresh-token", "--subscription-key", "--api-key",
        "--key",
    ]

    /// The refusal of a command line that the parser did not take, if it seems to hold a secret.
    ///
    /// - Parameter complaint: What the parser says of it.
    static func refusal(_ arguments: [String], hasCommand: Bool, _ complaint: String, remedy: String) -> Failure? {
        let isNamed = arguments.contains { argument in options.contains { argument.lowercased().hasPrefix($0) } }
        // A secret with no option before it: what is too much is not quoted, but one word in the place of a command.
        let isTooMuch = complaint.contains("unexpected argument") && (hasCommand || complaint.contains("', '"))
        guard isNamed || isTooMuch else { return nil }
        return .usage(
            isNamed
                ? "no secret is taken from the command line, where others can see it: leave it out to be asked for it, or"
                    + " give a file, and replace the secret that was shown"
                : "there is an argument too many (a secret never is one: it is asked for, or read from a file)",
            remedy: remedy
        )
    }

    /// A path for people, unless somebody seems to have given the secret instead of a file that holds it.
    static func path(_ path: String) -> String {
        let isJSON = path.contains { "{\"".contains($0) }
        let isToken = path.utf8.count >= 20 && !path.contains("/") && path.allSatisfy { $0.isLetter || $0.isNumber }
        // How the two parts of a JSON Web Token begin.
        return isJSON || isToken || path.hasPrefix("eyJ") ? "that was given" : path
    }
}
