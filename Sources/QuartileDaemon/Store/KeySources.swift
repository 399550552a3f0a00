import QuartileCore

/// The key sources of this daemon, and which of them it is to use.
package struct KeySources: Sendable {
    private let file: KeyFile
    private let credential: KeyCredential
    private let command: KeyCommand
    /// What `key.source` names; nil where it names none.
    let wanted: KeySourceKind?

    /// All three. `wanted` is what `key.source` names.
    package init(file: KeyFile, credential: KeyCredential, command: KeyCommand, wanted: KeySourceKind?) {
        self.file = file
        self.credential = credential
        self.command = command
        self.wanted = wanted
    }

    /// One of them.
    func source(_ kind: KeySourceKind) -> any KeySource {
        switch kind {
        case .credential: credential
        case .command: command
        case .keyFile: file
        }
    }

    /// The kinds stand in order of preference. The one for a database that is to be made: what `key.source` names, else the first that is set up.
    var preferred: KeySourceKind {
        if let wanted { return wanted }
        if credential.isThere { return .credential }
        return command.isSet ? .command : .keyFile
    }

    /// The key with this id from a source that may not have it; nil where it does not, whatever the reason.
    func key(withID id: String, from kind: KeySourceKind) -> Secret? {
        do throws(KeySourceError) {
            let key = try source(kind).key(withID: id)
            return WrappedDataKey.keyID(of: key) == id ? key : nil
        } catch {
            // The source that the database records is asked then, and what is wrong with that one is told.
            return nil
        }
    }

    /// What a user should do about the key that a database takes: sentences. Nil where all is well.
    func advice(on key: KeyStatus) -> String? {
        let (from, to) = (key.source.words, preferred.words)
        if let wanted, wanted != key.source {
            return "key.source is \(wanted.setting), and the database still takes its key from the \(from): move it to "
                + "the \(to) with quartilectl key rotate."
        }
        let order = KeySourceKind.allCases
        if wanted == nil, order.firstIndex(of: preferred) ?? 0 < order.firstIndex(of: key.source) ?? 0 {
            return "A \(to) is set up, and the database takes its key from the \(from): to move it, set key.source to "
                + "\(preferred.setting), restart the daemon and use quartilectl key rotate."
        }
        return source(key.source).advice(onKeyWithID: key.id)
    }
}
