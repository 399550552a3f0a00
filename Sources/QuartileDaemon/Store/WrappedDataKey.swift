import Crypto
import FoundationEssentials
import QuartileCore

/// The data key, which seals everything, wrapped by the key-encryption key, which the user keeps. A new key-encryption
/// key means wrapping one value anew, and nothing else.
struct WrappedDataKey {
    /// The data key, sealed with AES-256-GCM under the key-encryption key.
    var wrapped: Data
    /// Which key-encryption key it takes: 16 hex digits that give nothing of it away.
    var keyID: String
    /// A fixed text, sealed with the data key: shows that what was unwrapped is the key of this database.
    var canary: Data

    /// A new random data key and its wrapping under `key`.
    static func make(key: Secret) -> (WrappedDataKey, Sealer) {
        let dataKey = SymmetricKey(size: .bits256)
        let wrapped = WrappedDataKey(
            wrapped: seal(Secret(key: dataKey), with: SymmetricKey(key), for: .wrapping),
            keyID: keyID(of: key),
            canary: seal(canaryText, with: dataKey, for: .canary)
        )
        return (wrapped, Sealer(dataKey: dataKey))
    }

    /// The data key of `sealer`, wrapped under another key, with the id of that.
    static func wrap(_ sealer: Sealer, key: Secret) -> (wrapped: Data, keyID: String) {
        (seal(Secret(key: sealer.dataKey), with: SymmetricKey(key), for: .wrapping), keyID(of: key))
    }

    /// What seals and opens the values of this database; `key` is the key-encryption key.
    func unwrap(key: Secret) throws(UnwrapError) -> Sealer {
        guard let dataKey = WrappedDataKey.open(wrapped, with: SymmetricKey(key), for: .wrapping) else {
            let given = WrappedDataKey.keyID(of: key)
            throw given == keyID ? .damaged : .wrongKey(needed: keyID, given: given)
        }
        let symmetric = SymmetricKey(dataKey)
        guard symmetric.bitCount == 256,
            WrappedDataKey.open(canary, with: symmetric, for: .canary) == WrappedDataKey.canaryText
        else { throw .damaged }
        return Sealer(dataKey: symmetric)
    }

    /// Why there is no data key.
    enum UnwrapError: Error, Equatable {
        /// It takes another key-encryption key.
        case wrongKey(needed: String, given: String)
        /// The key-encryption key is the right one, and what it should open was changed.
        case damaged
    }

    private static let canaryText = Secret("quartiled canary")

    /// The id of a key-encryption key.
    static func keyID(of key: Secret) -> String {
        let id = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(key),
            info: Array("quartiled key id 1".utf8),
            outputByteCount: 8
        )
        return id.withUnsafeBytes { hex($0) }
    }

    /// What a seal is for; keeps a wrapped key from being taken for a canary.
    private enum Use: String {
        case wrapping = "quartiled data key 1"
        case canary = "quartiled canary 1"
    }

    private static func seal(_ secret: Secret, with key: SymmetricKey, for use: Use) -> Data {
        secret.withBytes { bytes in
            do {
                let box = try AES.GCM.seal(bytes, using: key, authenticating: Array(use.rawValue.utf8))
                return Data(box.nonce) + box.ciphertext + box.tag
            } catch {
                // It fails for a key of a wrong size alone; a key source gives 32 bytes, and so does `make`.
                preconditionFailure("AES-GCM did not take a key of 256 bits")
            }
        }
    }

    private static func open(_ sealed: Data, with key: SymmetricKey, for use: Use) -> Secret? {
        do {
            let box = try AES.GCM.SealedBox(combined: sealed)
            var bytes = try AES.GCM.open(box, using: key, authenticating: Array(use.rawValue.utf8))
            defer { bytes.resetBytes(in: 0..<bytes.count) }
            return Secret(bytes: bytes)
        } catch {
            // The cipher's only answer; the caller says what it means for the value at hand.
            return nil
        }
    }
}

extension SymmetricKey {
    fileprivate init(_ secret: Secret) { self = secret.withBytes { SymmetricKey(data: $0) } }
}

extension Secret {
    fileprivate init(key: SymmetricKey) { self = key.withUnsafeBytes { Secret(bytes: $0) } }
}
