import Glibc
package import QuartileCore

/// The key-encryption key as a credential that systemd hands to the service (systemd.exec(5), `LoadCredential=`): the
/// file `$CREDENTIALS_DIRECTORY/quartiled.key`, which is there for as long as the service runs and for it alone.
///
/// What it holds changes at a restart only. So that a new key can be known before the old one is gone, a second
/// credential, `quartiled.key.next`, is looked at as well.
package struct KeyCredential: KeySource {
    /// The names of the credentials.
    static let name = "quartiled.key"
    static let nextName = "quartiled.key.next"

    private let directory: String?

    /// The credential as the environment has it.
    package init(environment: [String: String]) {
        directory = environment["CREDENTIALS_DIRECTORY"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }

    package var kind: KeySourceKind { .credential }

    package var remedyForWrongKey: String {
        "Have the unit load the right key as the credential \(KeyCredential.name), and restart the service."
    }

    /// Whether there is such a credential. One that can't be looked for counts: that a unit's credential is out of reach
    /// is to be told, and not passed over for a key from elsewhere.
    var isThere: Bool {
        guard let directory else { return false }
        var status = stat()
        return stat("\(directory)/\(KeyCredential.name)", &status) == 0 || errno != ENOENT
    }

    package func key(withID id: String) throws(KeySourceError) -> Secret {
        let first: Result<Secret, KeySourceError>
        do throws(KeySourceError) {
            let key = try key()
            if WrappedDataKey.keyID(of: key) == id { return key }
            first = .success(key)
        } catch {
            first = .failure(error)
        }
        if let next = try read(KeyCredential.nextName), WrappedDataKey.keyID(of: next) == id { return next }
        return try first.get()
    }

    package func keyForNewDatabase() throws(KeySourceError) -> Secret { try key() }

    package func successor(ofKeyWithID former: String?) throws(KeySourceError) -> Secret {
        let next = try read(KeyCredential.nextName)
        for key in [next, try read(KeyCredential.name)].compactMap(\.self)
        where WrappedDataKey.keyID(of: key) != former { return key }
        guard former != nil else { return try key() }
        throw .unusable(
            "The systemd credential \(KeyCredential.name) still holds the key that the database takes. Have the unit "
                + "load a new one beside it (LoadCredential=\(KeyCredential.nextName):PATH), restart the service, and "
                + "rotate then."
        )
    }

    package func advice(onKeyWithID id: String) -> String? {
        do throws(KeySourceError) {
            if let key = try read(KeyCredential.name), WrappedDataKey.keyID(of: key) == id { return nil }
        } catch {
            // It is not the key, then.
        }
        return "Have the unit load the key of \(KeyCredential.nextName) as \(KeyCredential.name); until it does, it "
            + "must load both."
    }

    package func adviceOnBackups(withKeyWithID id: String) -> String? { nil }

    package func adviceOnFormerKey(withID id: String) -> String {
        "Backups of the database from before open with the former key, which quartiled does not keep."
    }

    private func key() throws(KeySourceError) -> Secret {
        guard let key = try read(KeyCredential.name) else {
            throw .unusable(
                "There is no systemd credential \(KeyCredential.name). Have the unit load it, with "
                    + "LoadCredential=\(KeyCredential.name):PATH, and restart the service."
            )
        }
        return key
    }

    /// What a credential holds; nil where there is none. Who may read it is systemd's business.
    private func read(_ name: String) throws(KeySourceError) -> Secret? {
        guard let directory else { return nil }
        let file = open("\(directory)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .unusable("The systemd credential \(name) can't be read: \(Errno.last). Look at the unit.")
        }
        defer { close(file) }
        let key: Secret?
        do throws(Errno) {
            key = try KeyText.read(from: file)
        } catch {
            throw .unusable("The systemd credential \(name) can't be read: \(error). Look at the unit.")
        }
        guard let key else {
            throw .unusable(
                "The systemd credential \(name) does not hold a key, which is \(KeyText.words). Have the unit load "
                    + "the right one, and restart the service."
            )
        }
        return key
    }
}
