import NIOPosix
import QuartileCore
@testable import QuartileDaemon

/// A clock that stands still.
struct StoppedClock: MomentSource {
    var moment = Moment(wall: UnixTime(seconds: 1_790_000_000), boot: BootTime(milliseconds: 5_000_000))
    func now() -> Moment { moment }
}

enum Fixture {
    static let key = "0123456789abcdef0123456789abcdef"
    static let now = StoppedClock().moment
    static let password = "correct horse \u{1F40E} \"battery\""

    static func account(_ baseURL: String, _ version: APIVersion = .v2, key: String = key) throws -> Account {
        Account(
            name: try orThrow(AccountName("ada")),
            apiVersion: version,
            baseURL: baseURL,
            username: "ada@example.com",
            subscriptionKey: Secret(key),
            password: nil
        )
    }

    /// A JWT that states these times; its signature is none.
    static func jwt(iat: Int64? = nil, exp: Int64? = nil) -> String {
        let claims = [iat.map { "\"iat\":\($0)" }, exp.map { "\"exp\":\($0)" }, "\"sub\":\"ada\""].compactMap { $0 }
        return "eyJhbGciOiJSUzI1NiJ9." + base64URL("{\(claims.joined(separator: ","))}") + ".c2lnbmF0dXJl"
    }

    static func base64URL(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var encoded = ""
        var bits = 0
        var held = 0
        for byte in text.utf8 {
            bits = bits << 8 | Int(byte)
            held += 8
            while held >= 6 {
                held -= 6
                encoded.append(alphabet[bits >> held & 63])
            }
            bits &= (1 << held) - 1
        }
        if held > 0 { encoded.append(alphabet[bits << (6 - held) & 63]) }
        return encoded
    }

    static let tokenSet = #"""
        {"authorization": {"token": "access-1", "type": "Bearer", "expires_in": 43200, "note": "n"},
         "refresh": {"token": "refresh-2", "expires_in": 1209600}}
        """#

    /// An HTTP answer with its length.
    static func http(_ status: String, _ body: String, _ headers: String...) -> String {
        let fields = headers.map { $0 + "\r\n" }.joined()
        return "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(fields)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func api(
        _ settings: AuthAPISettings = AuthAPISettings(),
        clock: any MomentSource = StoppedClock()
    ) throws -> QuartileAuthAPI {
        try QuartileAuthAPI(settings, clock: clock, eventLoop: MultiThreadedEventLoopGroup.singleton.next())
    }

    static func withAPI<Result>(
        _ settings: AuthAPISettings = AuthAPISettings(timeout: .seconds(30)),
        clock: any MomentSource = StoppedClock(),
        _ body: (QuartileAuthAPI) async throws -> Result
    ) async throws -> Result {
        let api = try api(settings, clock: clock)
        do {
            let result = try await body(api)
            await api.shutdown()
            return result
        } catch {
            await api.shutdown()
            throw error
        }
    }

    private struct Missing: Error {}
    private static func orThrow<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Missing() }
        return value
    }
}

/// An outcome in one word, and what it carries.
extension Outcome {
    var kind: String {
        switch self {
        case .received: "received"
        case .notSent: "not sent"
        case .turnedAway: "turned away"
        case .refused: "refused"
        case .passwordRejected: "password rejected"
        case .ambiguous: "ambiguous"
        }
    }

    var tokens: TokenSet? { if case .received(let set, _) = self { set } else { nil } }
    var sent: Moment? { if case .received(_, let sent) = self { sent } else { nil } }

    var failure: Failure? {
        switch self {
        case .received: nil
        case .notSent(let failure), .turnedAway(let failure), .refused(let failure), .passwordRejected(let failure),
            .ambiguous(let failure, _):
            failure
        }
    }

    var unread: String? { if case .ambiguous(_, let unread) = self { unread?.reveal() } else { nil } }
}
