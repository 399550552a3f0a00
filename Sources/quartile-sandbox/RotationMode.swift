/// What becomes of a refresh token that was used once and is presented again.
enum RotationMode: String, CaseIterable, Sendable {
    /// The whole family dies, its access tokens included.
    case strict
    /// Within the grace period it gives one more token set; after it, as in `strict`.
    case grace
    /// It works until it expires; nothing is ever revoked for reuse.
    case lenient
}
