/// A daemon said what the protocol does not allow, or what this version of it does not know.
public struct ProtocolViolation: Error, Hashable, CustomStringConvertible {
    /// What was wrong, as a clause for people. Says nothing of secret content.
    public var description: String

    /// Makes a violation.
    public init(_ description: String) {
        self.description = description
    }
}
