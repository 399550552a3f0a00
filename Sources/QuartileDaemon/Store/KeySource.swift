package import QuartileCore

/// Where the key-encryption key comes from: 32 bytes that open the data key, which opens everything else.
package protocol KeySource: Sendable {
    /// Which source this is. The database records it, and is not opened with a key from another.
    var kind: KeySourceKind { get }

    /// The key, which must be there.
    func key() throws(KeySourceError) -> Secret

    /// The key for a database that is about to be made. Only then may a source that can make a key do so, durably,
    /// before it returns; one that is there already (from a start that ended before the database was made, or from
    /// another database) is used.
    func keyForNewDatabase() throws(KeySourceError) -> Secret
}

/// The kinds of sources, by the names that are stored.
package enum KeySourceKind: String, Sendable {
    /// A file of its own, 0600.
    case keyFile = "key_file"
}

/// Why there is no key. Each holds one sentence for people, with the way out.
package enum KeySourceError: Error, Sendable, Equatable {
    /// It is missing, or is not what a key must be. Ends the daemon with 78.
    case unusable(String)
    /// It can't be made. Ends the daemon with 74.
    case unwritable(String)
}
