import EndToEndHarness
import Foundation

/// An account whose tokens are made up, as long as real ones are: an access token as an RS256 JWT with a dozen claims.
enum ImportedAccount {
    /// The params of `import_tokens`.
    static func params(_ name: String) -> JSON {
        let access: JSON = ["token": .string(accessToken(name)), "type": "Bearer", "expires_in": 43_200]
        let refresh: JSON = ["token": .string(filler(340)), "expires_in": 1_209_600]
        return [
            "account": .string(name), "subscription_key": .string(filler(32)),
            "token_set": ["authorization": access, "refresh": refresh],
            // Nobody is asked: none of them is due while it is measured.
            "base_url": "http://127.0.0.1:9",
        ]
    }

    private static func accessToken(_ name: String) -> String {
        let now = Date().timeIntervalSince1970.rounded()
        let claims: JSON = [
            "iat": .number(now), "exp": .number(now + 43_200), "sub": .string(name), "note": .string(filler(400)),
        ]
        let parts = [#"{"alg":"RS256","typ":"JWT","kid":"benchmark"}"#, claims.text].map { part in
            Data(part.utf8).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        return (parts + [filler(342)]).joined(separator: ".")
    }

    private static func filler(_ count: Int) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<count).map { _ in letters.randomElement() ?? "A" })
    }
}
