import QuartileCore
import QuartileWire

/// A refusal in the API's own shape: `{"message", "statusCode"}` or `{"detail": [{"loc", "msg"}]}`. Whatever else
/// comes with the same status was not said by the API, but by something on the way to it.
struct APIRefusal: Sendable, Equatable {
    /// The API's own words, not yet fit to be shown.
    var message: String

    /// Reads `body`, which came with `status`; nil if the shape is another's.
    init?(_ body: [UInt8], status: Int) {
        // A body that is no JSON is not in the API's shape: what nil says, so no error is lost.
        guard let object = (try? JSON.parse(body))?.object else { return nil }
        if let message = object["message"]?.string, let code = object["statusCode"],
            StatedNumber.read(code) == Double(status)
        {
            self.message = message
            return
        }
        guard let details = object["detail"]?.array?.map(\.object), !details.isEmpty,
            details.allSatisfy({ $0?["msg"]?.string != nil })
        else { return nil }
        message = details.compactMap { $0.map(APIRefusal.line) }.joined(separator: "; ")
    }

    /// `username: field required`, where the field is said to be in the body.
    private static func line(_ detail: JSON.Object) -> String {
        let place = detail["loc"]?.array?.compactMap { $0.string ?? $0.int64.map(String.init) } ?? []
        let field = place.first == "body" ? Array(place.dropFirst()) : place
        let message = detail["msg"]?.string ?? ""
        return field.isEmpty ? message : "\(field.joined(separator: ".")): \(message)"
    }

    /// Whether it speaks of the subscription key, and so says nothing of a token or password. The gateway says
    /// `Access denied due to invalid subscription key.` and the like; its spelling is not promised anywhere.
    var isAboutSubscriptionKey: Bool {
        String(String.UnicodeScalarView(message.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) }))
            .contains("subscriptionkey")
    }

    /// Whether it speaks of a quota that is used up.
    var isAboutQuota: Bool { message.lowercased().contains("quota") }
}
