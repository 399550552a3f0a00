/// The key that the database takes.
package struct KeyStatus: Sendable, Equatable {
    /// Where it comes from.
    package var source: KeySourceKind
    /// Its id: 16 hex digits that give nothing of it away.
    package var id: String
    /// What the user should do about it: sentences. Nil where all is well.
    package var advice: String?
}

/// Why a key was not replaced by another.
package enum KeyRotationError: Error, Sendable, Equatable {
    /// The source has no new key that can be used. Holds a sentence.
    case noNewKey(String)
    /// The source has no key now, and perhaps later. Holds a sentence.
    case notNow(String)
    /// A file could not be written. Holds a sentence. Whichever key the database takes now, it is kept.
    case storage(String)
}
