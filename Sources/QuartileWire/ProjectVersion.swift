/// The version of this package, the same for the daemon and its client.
public enum ProjectVersion {
    /// The version, such as `0.1.0`.
    public static let current = "0.1.0"
}
