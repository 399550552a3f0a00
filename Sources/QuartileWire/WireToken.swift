/// A token: the result of `get_token`.
public struct WireToken: Sendable, Hashable, JSONWritable, RedactedMessage {
    /// Why a token is the best there is: the last refresh has failed, and the token is still good.
    public struct Degraded: Sendable, Hashable {
        /// The error's name, as `data.code` has it.
        public var code: String
        /// One sentence for people.
        public var message: String
        /// When the next try comes, in seconds since 1970; nil if that is not known.
        public var retryAt: Int64?

        /// Makes a mark.
        public init(code: String, message: String, retryAt: Int64?) {
            self.code = code
            self.message = message
            self.retryAt = retryAt
        }

        /// The mark as JSON.
        public var json: JSON {
            ["code": .string(code), "message": .string(message), "retry_at": .time(retryAt)]
        }

        /// Reads a mark.
        public init(json: JSON) throws(ProtocolViolation) {
            let reader = try ResultReader(json, of: "degraded")
            self.init(
                code: try reader.string("code"),
                message: try reader.string("message"),
                retryAt: try reader.optionalTime("retry_at")
            )
        }
    }

    /// The account.
    public var account: String
    /// The secret itself.
    public var accessToken: String
    /// `Bearer`.
    public var tokenType: String
    /// When it ends, in seconds since 1970: both `expires_at` and `expires_at_epoch`.
    public var expiresAt: Int64
    /// How many whole seconds are left.
    public var expiresIn: Int64
    /// Which token set of the account it is of, counted from 1.
    public var generation: Int64
    /// The key to send beside it.
    public var subscriptionKey: String
    /// The name of the header to send the key in.
    public var subscriptionKeyHeader: String
    /// Nil unless the last refresh has failed.
    public var degraded: Degraded?

    /// Makes a token.
    public init(
        account: String,
        accessToken: String,
        tokenType: String,
        expiresAt: Int64,
        expiresIn: Int64,
        generation: Int64,
        subscriptionKey: String,
        subscriptionKeyHeader: String,
        degraded: Degraded? = nil
    ) {
        self.account = account
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.expiresAt = expiresAt
        self.expiresIn = expiresIn
        self.generation = generation
        self.subscriptionKey = subscriptionKey
        self.subscriptionKeyHeader = subscriptionKeyHeader
        self.degraded = degraded
    }

    /// Appends the token as JSON; without `degraded` unless it is.
    public func write(to output: inout [UInt8]) {
        var (accessToken, subscriptionKey) = (accessToken, subscriptionKey)
        accessToken.withUTF8 { accessToken in
            subscriptionKey.withUTF8 { subscriptionKey in
                WireToken.write(
                    account: account,
                    accessToken: accessToken,
                    tokenType: tokenType,
                    expiresAt: expiresAt,
                    expiresIn: expiresIn,
                    generation: generation,
                    subscriptionKey: subscriptionKey,
                    subscriptionKeyHeader: subscriptionKeyHeader,
                    degraded: degraded,
                    to: &output
                )
            }
        }
    }

    /// Appends a token as JSON, its secrets (UTF-8) from where they lie: for a server, in which they need not become
    /// strings that nobody can wipe.
    public static func write(
        account: String,
        accessToken: UnsafeBufferPointer<UInt8>,
        tokenType: String,
        expiresAt: Int64,
        expiresIn: Int64,
        generation: Int64,
        subscriptionKey: UnsafeBufferPointer<UInt8>,
        subscriptionKeyHeader: String,
        degraded: Degraded?,
        to output: inout [UInt8]
    ) {
        // Growing meanwhile would leave copies of the secrets behind. The rest is some 250 bytes.
        output.reserveCapacity(output.count + accessToken.count + subscriptionKey.count + 512)
        output.append(#"{"account":"#)
        output.append(json: account)
        output.append(#","access_token":"#)
        output.append(json: accessToken)
        output.append(#","token_type":"#)
        output.append(json: tokenType)
        output.append(#","expires_at":""#)
        WireTime.append(epochSeconds: expiresAt, to: &output)
        output.append(#"","expires_at_epoch":"#)
        output.append(json: expiresAt)
        output.append(#","expires_in":"#)
        output.append(json: expiresIn)
        output.append(#","generation":"#)
        output.append(json: generation)
        output.append(#","subscription_key":"#)
        output.append(json: subscriptionKey)
        output.append(#","subscription_key_header":"#)
        output.append(json: subscriptionKeyHeader)
        if let degraded {
            output.append(#","degraded":"#)
            degraded.json.write(to: &output)
        }
        output.append(ASCII.rightBrace)
    }

    /// Reads a token.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a token")
        self.init(
            account: try reader.string("account"),
            accessToken: try reader.string("access_token"),
            tokenType: try reader.string("token_type"),
            expiresAt: try reader.integer("expires_at_epoch"),
            expiresIn: try reader.integer("expires_in"),
            generation: try reader.integer("generation"),
            subscriptionKey: try reader.string("subscription_key"),
            subscriptionKeyHeader: try reader.string("subscription_key_header")
        )
        if let mark = reader.optionalValue("degraded") { degraded = try Degraded(json: mark) }
    }
}
