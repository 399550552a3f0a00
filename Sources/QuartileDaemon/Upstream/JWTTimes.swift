import QuartileCore
import QuartileWire

/// The times that a JWT states of itself (RFC 7519, section 4.1): hints on its life, read without checking any
/// signature, since the API that gave it to us is whom we would ask anyway.
struct JWTTimes: Sendable, Equatable {
    /// When it was issued; nil where it does not say, or says what can't be.
    var issuedAt: UnixTime?
    /// When it expires; likewise.
    var expiresAt: UnixTime?

    /// The times in `token`. Any token at all may be given; one that is no JWT states none.
    init(_ token: Secret) {
        guard let claims = token.withBytes({ JWTTimes.claims(Array($0)) }) else { return }
        issuedAt = JWTTimes.time(claims["iat"])
        expiresAt = JWTTimes.time(claims["exp"])
    }

    private static func claims(_ token: [UInt8]) -> JSON.Object? {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count >= 2, let payload = base64URL(parts[1]) else { return nil }
        // A payload that is no JSON is that of a token which is no JWT: it has no times, and nothing is lost.
        return (try? JSON.parse(payload))?.object
    }

    /// Seconds since 1970, from 2000 to 2200: a time outside is a mistake, or in another unit.
    private static func time(_ claim: JSON?) -> UnixTime? {
        guard let seconds = claim.flatMap(StatedNumber.read), (946_684_800...7_258_118_400).contains(seconds)
        else { return nil }
        return UnixTime(milliseconds: Int64(seconds * 1000))
    }

    /// Decodes base64url (RFC 4648, section 5) with or without padding; the alphabet of section 4 is taken too.
    private static func base64URL(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in text {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case UInt8(ascii: "-"), UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "_"), UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="): continue
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return bytes
    }
}

/// A number as the upstream API writes it: as JSON has them, or in a string.
enum StatedNumber {
    /// The number, or nil if `value` is none that is finite.
    static func read(_ value: JSON) -> Double? {
        switch value {
        case .number(let number): return number.double
        case .string(let text):
            // A string that is no JSON text is no number: what nil says, so no error is lost.
            guard case .number(let number) = try? JSON.parse(Array(text.utf8)) else { return nil }
            return number.double
        case .null, .bool, .array, .object: return nil
        }
    }
}
