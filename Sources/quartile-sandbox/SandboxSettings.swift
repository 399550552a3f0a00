/// What can be set at start and changed while running. Durations are seconds.
struct SandboxSettings: Equatable, Sendable {
    var mode = RotationMode.strict
    var accessLifetime: Double = 12 * 3600
    var refreshLifetime: Double = 14 * 86400
    var grace: Double = 30
    /// How long every answer is held back, after the request was processed.
    var latency: Double = 0
    /// A login revokes the families that its user already has.
    var loginRevokes = false
    /// Added to the clock in everything the server tells: `iat`, `exp`, `expires_at`, `not_before` and the `Date` header.
    /// How long a token really works is not touched by it.
    var clockSkew: Double = 0
    /// The key of users that have none of their own.
    var subscriptionKey: String
    var shape = AnswerShape()
}
