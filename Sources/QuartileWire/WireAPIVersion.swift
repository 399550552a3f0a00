/// `api_version` on the wire: which of the upstream's APIs an account speaks.
public enum WireAPIVersion: String, Sendable, CaseIterable {
    case v1
    case v2
    case v3
}
