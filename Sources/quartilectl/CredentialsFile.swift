internal import QuartileWire

/// A file with `{"username", "password", "subscription_key"}`. Its content is in no error.
struct CredentialsFile: Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var username: String?
    var password: String?
    var subscriptionKey: String?

    private static let members = ["username", "password", "subscription_key"]

    /// Reads a file, or standard input for `-`.
    static func read(_ path: String) throws(Failure) -> CredentialsFile {
        var bytes = try InputFile.read(path, "credentials")
        defer { bytes.wipe() }
        return try parse(bytes, path)
    }

    /// Takes a file's content apart: an object with some of the members and no others, each a string that is not empty.
    static func parse(_ bytes: [UInt8], _ path: String) throws(Failure) -> CredentialsFile {
        func wrong(_ what: String) -> Failure {
            .usage("the credentials \(InputFile.name(path)) \(what); it must be \(shape)")
        }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw wrong("is not JSON (\(error))")
        }
        guard let object = json.object else { throw wrong("is a JSON \(json.kind)") }
        guard object.members.allSatisfy({ members.contains($0.name) }) else {
            throw wrong("has a member that does not belong there")
        }
        func string(_ name: String) throws(Failure) -> String? {
            guard let value = object[name] else { return nil }
            guard let string = value.string else { throw wrong("has a `\(name)` that is a JSON \(value.kind)") }
            guard !string.isEmpty else { throw wrong("has an empty `\(name)`") }
            return string
        }
        let file = CredentialsFile(
            username: try string("username"),
            password: try string("password"),
            subscriptionKey: try string("subscription_key")
        )
        if let key = file.subscriptionKey {
            guard SubscriptionKey.isSound(key) else { throw wrong("has a `subscription_key` that can't be one") }
        }
        return file
    }

    private static let shape = #"{"username": "...", "password": "...", "subscription_key": "..."}"#

    /// The credentials, if nothing is missing.
    func complete(_ path: String) throws(Failure) -> Credentials {
        func need(_ value: String?, _ name: String) throws(Failure) -> String {
            guard let value else {
                throw .usage("the credentials \(InputFile.name(path)) has no `\(name)`; it must be \(Self.shape)")
            }
            return value
        }
        return Credentials(
            username: try need(username, "username"),
            password: try need(password, "password"),
            subscriptionKey: try need(subscriptionKey, "subscription_key")
        )
    }

    var description: String { "<redacted>" }
    var debugDescription: String { "<redacted>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
