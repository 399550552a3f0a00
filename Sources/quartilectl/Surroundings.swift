internal import Glibc

/// What the environment says of how to write.
struct Surroundings: Sendable {
    /// Gives a variable of the environment.
    var environment: @Sendable (_ name: String) -> String?
    /// The columns of the terminal that standard output is, or nil if it is none.
    var terminalColumns: @Sendable () -> Int?
    /// The user of this process.
    var userID: UInt32

    static let process = Surroundings(
        environment: { name in getenv(name).map { String(cString: $0) } },
        terminalColumns: {
            var size = winsize()
            guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
            return Int(size.ws_col)
        },
        userID: getuid()
    )

    /// The locale's characters by the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set (POSIX.1-2024, XBD 8.2), and
    /// the terminal's width, else that in `COLUMNS`. There is no colour to turn off.
    var text: TextStyle {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first ?? "C"
        let lowercased = locale.lowercased()
        let columns = terminalColumns() ?? variable("COLUMNS").flatMap { Int($0) } ?? TextStyle.defaultWidth
        return TextStyle(
            isUTF8: lowercased.contains("utf-8") || lowercased.contains("utf8"),
            width: min(max(columns, TextStyle.widths.lowerBound), TextStyle.widths.upperBound)
        )
    }

    private func variable(_ name: String) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
