import QuartileCore
import QuartileWire

/// Why a body is not a token set, in a clause. Never says what the body holds.
struct TokenAnswerProblem: Error, Equatable {
    /// The clause.
    var clause: String
}

/// A token set as the API writes it or the developer portal shows it: read leniently in its spelling, strictly in
/// what it holds.
struct TokenAnswer: Sendable {
    /// What the answer itself says of the life of a token.
    struct StatedLife: Sendable, Equatable {
        /// How long it lives.
        var span: Milliseconds?
        /// When it ends, where the answer says so with a time zone: without one the moment is unknown.
        var end: UnixTime?
    }

    /// The longest life that is believed: ten years, the leap days included.
    static let longestLife = Milliseconds.hours(24 * 3653)

    /// The access token.
    var accessToken: Secret
    /// Its type. Goes into `Authorization` headers, so it is a token of RFC 9110, section 5.6.2; `Bearer` if it is not, or
    /// long enough to be a secret in the wrong place, since types are kept and shown in clear.
    var tokenType: String
    /// What is said of its life.
    var accessLife: StatedLife
    /// The refresh token.
    var refreshToken: Secret
    /// What is said of its life.
    var refreshLife: StatedLife

    /// Reads a token set. Unknown fields are passed over; missing ones and `null` are the same.
    init(_ body: Secret) throws(TokenAnswerProblem) {
        let object = try TokenAnswer.object(body)
        let access = TokenAnswer.Part(name: "authorization", fields: object["authorization"]?.object)
        let refresh = TokenAnswer.Part(name: "refresh", fields: object["refresh"]?.object)
        accessToken = try access.token()
        accessLife = try access.life()
        refreshToken = try refresh.token()
        refreshLife = try refresh.life()
        tokenType = access.type()
    }

    private static func object(_ body: Secret) throws(TokenAnswerProblem) -> JSON.Object {
        let json: Result<JSON, JSONError> = body.withBytes { bytes in
            // Some gateways begin their JSON with a byte order mark, which RFC 8259 lets readers pass over.
            let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            return Result { () throws(JSONError) in try JSON.parse(UnsafeRawBufferPointer(rebasing: bytes[mark...])) }
        }
        switch json {
        case .failure(let error): throw TokenAnswerProblem(clause: "it is not JSON (\(error))")
        case .success(let json):
            guard let object = json.object else { throw TokenAnswerProblem(clause: "it is not a JSON object") }
            return object
        }
    }
}

extension TokenAnswer {
    /// One of the two halves of a set.
    private struct Part {
        var name: String
        var fields: JSON.Object?

        /// The values of a field in both spellings.
        private func values(_ spellings: String...) -> [JSON] {
            spellings.compactMap { fields?[$0] }.filter { !$0.isNull }
        }

        func token() throws(TokenAnswerProblem) -> Secret {
            guard let value = values("token").first else {
                throw TokenAnswerProblem(clause: "\(name).token is missing")
            }
            guard let text = value.string else { throw TokenAnswerProblem(clause: "\(name).token is not a string") }
            let token = Secret(text)
            guard !token.isEmpty else { throw TokenAnswerProblem(clause: "\(name).token is empty") }
            guard SendableText.isVisibleASCII(token) else {
                throw TokenAnswerProblem(clause: "\(name).token holds a character that no token has")
            }
            return token
        }

        func life() throws(TokenAnswerProblem) -> StatedLife {
            var life = StatedLife()
            for value in values("expires_in", "expiresIn") {
                guard let seconds = StatedNumber.read(value), seconds > 0, seconds <= longestLife.inSeconds else {
                    throw TokenAnswerProblem(clause: "\(name).expires_in is not a number of seconds up to ten years")
                }
                // A life that rounds to nothing would be none.
                let span = Milliseconds(max(1, Int64(seconds * 1000)))
                life.span = life.span.map { min($0, span) } ?? span
            }
            life.end = values("expires_at", "expiresAt").compactMap(zonedTime).min()
            return life
        }

        func type() -> String {
            guard let type = values("type").first?.string, (1..<QuotedMessage.secretRun).contains(type.utf8.count),
                type.utf8.allSatisfy(isTokenByte)
            else { return "Bearer" }
            return type
        }

        /// A fraction of a second is dropped: the earlier moment is the safe one.
        private func zonedTime(_ value: JSON) -> UnixTime? {
            value.string.flatMap(WireTime.init)?.epochSeconds.map(UnixTime.init(seconds:))
        }

        private func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
