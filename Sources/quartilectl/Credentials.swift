/// What a person logs in with. Never printed: the descriptions show nothing.
struct Credentials: Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var username: String
    var password: String
    /// Nil keeps the account's.
    var subscriptionKey: String?

    var description: String { "<redacted>" }
    var debugDescription: String { "<redacted>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
