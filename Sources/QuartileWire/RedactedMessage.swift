/// A message that carries secrets: printing, interpolating, dumping or reflecting it shows its type only.
public protocol RedactedMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension RedactedMessage {
    /// The type's name, and no member.
    public var description: String { "<\(Self.self), redacted>" }
    /// As ``description``.
    public var debugDescription: String { description }
    /// No members.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
