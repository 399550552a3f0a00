import Crypto
import Foundation

/// Makes tokens: signed access tokens and opaque refresh tokens.
///
/// The real service signs with RS256. Here it is ES256, and the header says so: a client has no key to check either
/// with, an RSA signature takes some fifteen times as long (1 ms in a debug build), and making an RSA key would hold up
/// the start by up to half a second.
struct TokenMint: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let header = TokenMint.base64URL(Data(#"{"alg":"ES256","kid":"sandbox","typ":"JWT"}"#.utf8))

    /// A JSON Web Token (RFC 7519) with the claims `iat`, `exp`, `sub`, `jti` and `iss`. Throws if it can't be signed.
    func accessToken(subject: String, issuedAt: Double, lifetime: Double) throws -> String {
        let issued = issuedAt.rounded(.down)
        let claims: JSONValue = [
            "iss": "quartile-sandbox",
            "sub": .string(subject),
            "iat": .number(issued),
            "exp": .number(issued + lifetime),
            "jti": .string(TokenMint.random(16)),
        ]
        let signed = header + "." + TokenMint.base64URL(Data(claims.serialized))
        let signature = try key.signature(for: Data(signed.utf8))
        return signed + "." + TokenMint.base64URL(signature.rawRepresentation)
    }

    /// A refresh token that says nothing to anybody but this server. All begin alike, so that one can be told wherever
    /// it turns up.
    func refreshToken() -> String {
        // The real one begins as a JWT's header does, though it can't be read as one.
        TokenMint.base64URL(Data(#"{"kid":"sandbox-refresh","n":""#.utf8)) + TokenMint.random(48)
    }

    /// A subscription key: 32 letters and digits.
    static func subscriptionKey() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }

    private static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL(Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }

    private static func base64URL(_ data: Data) -> String {
        var text = data.base64EncodedString()
        text.removeAll { $0 == "=" }
        return String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}

/// The first 16 hex digits of a token's SHA-256: names a token in the log and in the indexes without holding it.
struct TokenFingerprint: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(of token: String) {
        let digits = Array("0123456789abcdef".utf8)
        let hex = SHA256.hash(data: Data(token.utf8)).prefix(8)
            .flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        description = String(decoding: hex, as: UTF8.self)
    }
}
