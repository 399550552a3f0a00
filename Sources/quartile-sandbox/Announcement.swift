import Foundation

/// What the sandbox says of itself at start.
struct Announcement: Sendable {
    let host: String
    let account: User
    let subscriptionKey: String

    /// Prints one `name value` a line, then `ready`, all in one write so that a pipe's reader never sees half.
    func print(port: Int) {
        let authority = host.contains(":") ? "[\(host)]" : host
        let text = """
            url http://\(authority):\(port)
            username \(account.username)
            password \(account.password)
            subscription-key \(subscriptionKey)
            ready

            """
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// Writes the file that `quartilectl login --credentials` reads, 0600 from the moment it exists.
    func writeCredentials(to path: String) throws {
        let json: JSONValue = [
            "username": .string(account.username),
            "password": .string(account.password),
            "subscription_key": .string(subscriptionKey),
        ]
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
            throw Failure("can't write --credentials-out \(path): \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(json.serialized + [UInt8(ascii: "\n")]))
        try file.close()
    }
}
