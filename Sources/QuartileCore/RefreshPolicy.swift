/// When a token is refreshed ahead of its expiry.
///
/// With the default margin of one hour:
///
/// | life of the token | refreshed at the age of |
/// | --- | --- |
/// | 12 h | 10 h 54 m to 11 h, by jitter |
/// | 4 h | 3 h: three quarters of the life, where the margin would be earlier |
/// | 1 h | 45 m |
/// | 8 s | 6 s |
public struct RefreshPolicy: Sendable, Equatable {
    /// How long before expiry a token is refreshed.
    public var margin: Milliseconds

    /// A policy with this margin.
    public init(margin: Milliseconds = .hours(1)) { self.margin = margin }

    /// The age at which a token of this `life` is due. `jitter`, from 0 up to 1, brings that forward by up to a tenth
    /// of the margin, so that many accounts that began together do not stay together.
    public func dueAge(life: Milliseconds, jitter: Double) -> Milliseconds {
        max(life * 0.75, life - margin - margin * (jitter / 10))
    }

    /// How long after a refresh no caller can have another by asking for more life: 30 s, or a tenth of a shorter token's
    /// life. Who asked for nearly the whole life in a loop would have the token refreshed in a loop.
    public static func calm(life: Milliseconds) -> Milliseconds { min(.seconds(30), life / 10) }

    /// The life that a caller gets at least when it names none: 60 s, or a tenth of a shorter token's life.
    public static func defaultMinValid(life: Milliseconds) -> Milliseconds { min(.seconds(60), life / 10) }
}
