/// The kinds of key sources, in order of preference, by the names that are stored.
package enum KeySourceKind: String, Sendable, CaseIterable {
    /// A credential that systemd hands to the service.
    case credential
    /// What the program of `key.command` prints.
    case command
    /// A file of its own, 0600.
    case keyFile = "key_file"
}

extension KeySourceKind {
    /// The name in `key.source`.
    package var setting: String {
        switch self {
        case .credential: "credential"
        case .command: "command"
        case .keyFile: "file"
        }
    }

    /// The name for people.
    package var words: String {
        switch self {
        case .credential: "systemd credential"
        case .command: "key command"
        case .keyFile: "key file"
        }
    }

    /// What it protects, as a clause that follows that word.
    package var protects: String {
        switch self {
        case .credential: "copies of the disk where the credential is encrypted, else copies of the database only"
        case .command: "what the program of key.command protects"
        case .keyFile: "copies and backups of the database only"
        }
    }
}
