import Crypto
import FoundationEssentials
import QuartileCore

/// Seals single values for storage: AES-256-GCM (NIST SP 800-38D) under a random nonce, bound to the place where the
/// value is kept, so that one that was moved to another place does not open.
///
/// A sealed value is the version of the format (1 byte), the nonce (12), the ciphertext and the tag (16). Random nonces
/// allow 2^32 values under one key; ten thousand accounts refreshed twice a day need more than a century for those.
struct Sealer: Sendable {
    let dataKey: SymmetricKey
    private let fingerprintKey: SymmetricKey

    /// Seals with this data key.
    init(dataKey: SymmetricKey) {
        self.dataKey = dataKey
        fingerprintKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: dataKey,
            info: Array("quartiled fingerprint 1".utf8),
            outputByteCount: 32
        )
    }

    /// The place of a value: every part of it is bound into the seal.
    struct Place {
        /// What kind of value it is.
        enum Column: String {
            case subscriptionKey = "subscription_key"
            case password
            case accessToken = "access_token"
            case refreshToken = "refresh_token"
            case unreadAnswer = "unread_answer"
        }

        /// The name of the account.
        var account: String
        /// The account's base URL: a secret of one host does not open for another.
        var baseURL: String
        /// The generation of a token; 0 for what belongs to the account itself.
        var generation: Generation
        /// The kind.
        var column: Column
    }

    /// `secret`, sealed for `place`.
    func seal(_ secret: Secret, for place: Place) -> Data {
        secret.withBytes { bytes in
            do {
                let box = try AES.GCM.seal(bytes, using: dataKey, authenticating: Sealer.associatedData(place))
                var sealed = Data(capacity: 1 + 12 + bytes.count + 16)
                sealed.append(Sealer.version)
                sealed.append(contentsOf: box.nonce)
                sealed.append(box.ciphertext)
                sealed.append(box.tag)
                return sealed
            } catch {
                // Sealing takes any message and any associated data; it fails for a key of a wrong size alone, and the
                // only way to a data key makes 32 bytes of it.
                preconditionFailure("AES-GCM did not take a key of 256 bits")
            }
        }
    }

    /// The value that was sealed for `place`.
    func open(_ sealed: Data, at place: Place) throws(SealError) -> Secret {
        guard sealed.first == Sealer.version else { throw SealError() }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            var bytes = try AES.GCM.open(box, using: dataKey, authenticating: Sealer.associatedData(place))
            defer { bytes.resetBytes(in: 0..<bytes.count) }
            return Secret(bytes: bytes)
        } catch {
            throw SealError()
        }
    }

    /// Eight hex digits that stand for `secret` in logs: the same for the same secret, in this database alone.
    func fingerprint(of secret: Secret) -> String {
        let code = secret.withBytes { HMAC<SHA256>.authenticationCode(for: $0, using: fingerprintKey) }
        return hex(code.prefix(4))
    }

    /// The version of the format.
    private static let version: UInt8 = 1

    /// What the seal is bound to. Each text stands behind its length, so that no two places come out the same.
    private static func associatedData(_ place: Place) -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(32 + place.account.utf8.count + place.baseURL.utf8.count + 24)
        data.append(version)
        for text in [place.column.rawValue, place.account, place.baseURL] {
            withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { data.append(contentsOf: $0) }
            data.append(contentsOf: text.utf8)
        }
        withUnsafeBytes(of: place.generation.bigEndian) { data.append(contentsOf: $0) }
        return data
    }
}

/// A value does not open: it was changed, moved, or sealed with another key. Which of them, the cipher does not tell.
struct SealError: Error {}

/// `bytes` in hex.
func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
        text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return text
}
