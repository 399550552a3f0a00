/// The name a user gave an account: 1 to 64 of `A-Z a-z 0-9 . _ @ + -`.
public struct AccountName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as text.
    public let text: String

    /// The name, or nil where `text` breaks the rule.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ AccountName.allows($0) }) else { return nil }
        self.text = text
    }

    /// The name itself.
    public var description: String { text }
    /// By the bytes of the names.
    public static func < (a: AccountName, b: AccountName) -> Bool { a.text < b.text }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}

/// The version of the upstream API that an account speaks.
public enum APIVersion: String, Sendable, CaseIterable {
    case v1, v2, v3
}

/// What a user told us about an account: where it lives and what opens it.
public struct Account: Sendable {
    /// Its name.
    public let name: AccountName
    /// The API version it speaks.
    public var apiVersion: APIVersion
    /// Scheme and host of its API, no trailing slash. Its secrets are bound to this and go nowhere else.
    public var baseURL: String
    /// The login's e-mail address; nil for an imported set.
    public var username: String?
    /// The subscription key.
    public var subscriptionKey: Secret
    /// The password, where the user let us keep it.
    public var password: Secret?

    /// An account as given.
    public init(
        name: AccountName,
        apiVersion: APIVersion,
        baseURL: String,
        username: String?,
        subscriptionKey: Secret,
        password: Secret?
    ) {
        self.name = name
        self.apiVersion = apiVersion
        self.baseURL = baseURL
        self.username = username
        self.subscriptionKey = subscriptionKey
        self.password = password
    }
}

/// What the stored password is good for.
public enum PasswordState: String, Sendable {
    /// None is stored.
    case none
    /// One is stored and was not refused.
    case stored
    /// The API refused the one that is stored: it is not tried again until the user gives another.
    case rejected
}
