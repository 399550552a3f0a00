package import QuartileCore

/// What may be sent upstream. What goes into a header or URL must not be able to end it or begin another.
package enum SendableText {
    /// Whether `secret` holds something, and visible ASCII alone: no space, line break or control character.
    package static func isVisibleASCII(_ secret: Secret) -> Bool {
        !secret.isEmpty && secret.withBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } }
    }

    /// What is wrong with a subscription key, as a clause that follows its name; nil where nothing is.
    package static func problem(subscriptionKey: Secret) -> String? {
        isVisibleASCII(subscriptionKey) ? nil : "must be visible ASCII characters, without spaces or line breaks"
    }

    /// What is wrong with a token, as a clause that follows its name; nil where nothing is.
    package static func problem(token: Secret) -> String? {
        isVisibleASCII(token) ? nil : "must be visible ASCII characters, without spaces or line breaks"
    }

    /// What is wrong with a username, as a clause that follows its name; nil where nothing is.
    package static func problem(username: String) -> String? {
        if username.isEmpty { return "must not be empty" }
        let hasControl = username.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return hasControl ? "must not hold line breaks or other control characters" : nil
    }

    /// What is wrong with a password, as a clause that follows its name; nil where nothing is. Any Unicode is fine.
    package static func problem(password: Secret) -> String? {
        password.isEmpty ? "must not be empty" : nil
    }
}
