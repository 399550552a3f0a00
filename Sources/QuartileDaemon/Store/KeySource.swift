package import QuartileCore

/// Where the key-encryption key comes from: 32 bytes that open the data key, which opens everything else.
///
/// A source may hold more than one key: the one that it gives first, one that is to follow, and former ones. The id of a
/// key, which the database records, says which is meant.
package protocol KeySource: Sendable {
    /// Which source this is.
    var kind: KeySourceKind { get }

    /// What helps where the key that it gives is not the right one: a sentence.
    var remedyForWrongKey: String { get }

    /// The key with this id. Where the source has none of this id, the one that it gives first: the caller looks at the
    /// id, and tells the user of both.
    func key(withID id: String) throws(KeySourceError) -> Secret

    /// The key for a database that is about to be made. Only then may a source that can make a key do so, durably,
    /// before it returns; one that is there already (from a start that ended before the database was made, or from
    /// another database) is used.
    func keyForNewDatabase() throws(KeySourceError) -> Secret

    /// The key that is to take the place of the one with this id; nil where that comes from another source. Durable
    /// before it returns: from here on, and whatever becomes of the process, `key(withID:)` finds it.
    ///
    /// A source that can't make keys returns one that it is given, and throws where that is the same still.
    func successor(ofKeyWithID former: String?) throws(KeySourceError) -> Secret

    /// Tidies up, now that the database takes the key with this id for certain. No key is lost whether this is called,
    /// or ends half way, or not. To be called at each start as well.
    func settle(onKeyWithID id: String) throws(KeySourceError)

    /// Takes back the key with this id, which `successor` made and no database took.
    func withdraw(keyWithID id: String) throws(KeySourceError)

    /// What the user should do about the key with this id, which the database takes: sentences. Nil where all is well.
    func advice(onKeyWithID id: String) -> String?

    /// What to back up after a rotation to the key with this id: sentences. Nil where nothing of this source's changed.
    func adviceOnBackups(withKeyWithID id: String) -> String?

    /// What the key with this id, which the database takes no more, is good for, and where it is: sentences.
    func adviceOnFormerKey(withID id: String) -> String
}

extension KeySource {
    package func settle(onKeyWithID id: String) throws(KeySourceError) {}
    package func withdraw(keyWithID id: String) throws(KeySourceError) {}
}

/// Why there is no key. Each holds one sentence for people, with the way out.
package enum KeySourceError: Error, Sendable, Equatable {
    /// It is missing, or is not what a key must be. Ends the daemon with 78.
    case unusable(String)
    /// It can't be made. Ends the daemon with 74.
    case unwritable(String)
    /// It can't be had now, and perhaps later. Ends the daemon with 75.
    case notNow(String)

    /// The sentence.
    package var sentence: String {
        switch self {
        case .unusable(let text), .unwritable(let text), .notNow(let text): text
        }
    }
}
