/// The longer part of `--help`.
enum SandboxHelp {
    static let discussion = """
        Speaks the auth API v1, v2 and v3. At start it prints url, username, password and subscription-key, one a \
        line, then ready. Durations read 500ms, 90s, 15m, 1h, 2d; a bare number is seconds.
        """
}
