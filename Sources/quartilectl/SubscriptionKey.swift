/// The rule for subscription keys, which become a header.
enum SubscriptionKey {
    /// Whether the key can be sent: visible ASCII and nothing else.
    static func isSound(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Throws unless a key that was typed can be sent.
    static func check(_ key: String) throws(Failure) {
        guard isSound(key) else {
            throw .usage("a subscription key is letters and digits, which the one entered is not")
        }
    }

    /// Reads a file with a key in it; white space around it does not matter.
    static func read(_ path: String) throws(Failure) -> String {
        var bytes = try InputFile.read(path, "subscription key")
        defer { bytes.wipe() }
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let key = words.first.map(String.init), isSound(key) else {
            throw .usage("the subscription key \(InputFile.name(path)) must hold the key and nothing else")
        }
        return key
    }
}
